//! Freezes as they are told.

use serde::{Deserialize, Serialize};

/// A span of time in which nothing of an environment is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// Its number: unique within the ledger, and growing.
    pub id: u64,
    /// The environment.
    pub environment: String,
    /// When it ends, in milliseconds since the epoch.
    pub until_ms: u64,
    /// Why.
    pub why: String,
    /// Who froze it, `user@host`.
    pub by: String,
    /// When it began, in milliseconds since the epoch.
    pub since_ms: u64,
}
