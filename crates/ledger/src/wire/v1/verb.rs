//! What people ask of a rollout that somebody else drives.

use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Verb {
    /// Return to stable.
    Abort,
    /// Go on from a step that waits.
    Promote {
        /// How far.
        extent: Extent,
        /// The step that it was asked at: elsewhere it is not meant. Anywhere where it does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
    /// Stop after the step under way.
    Pause,
    /// Go on after a pause.
    Continue,
    /// Try what failed again.
    Retry,
}

/// How far a promotion goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// To the next step.
    Next,
    /// To the end, without the steps between.
    Full,
}

/// A request as the holder is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// Its number: unique within the ledger, and growing.
    pub id: u64,
    /// What is asked.
    #[serde(flatten)]
    pub verb: Verb,
    /// Who asks, `user@host`.
    pub by: String,
    /// Why.
    pub why: Option<String>,
    /// When it was asked, in milliseconds since the epoch.
    pub at_ms: u64,
}
