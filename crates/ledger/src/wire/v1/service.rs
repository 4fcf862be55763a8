//! What is told of a service.

use serde::{Deserialize, Serialize};

/// A version that becomes current.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentVersion {
    /// The artifact.
    pub artifact: String,
    /// Its label.
    pub vsn: String,
}

/// An artifact that becomes marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMark {
    /// The artifact.
    pub artifact: String,
    /// Why.
    pub why: String,
}

/// An artifact marked bad (invariant I9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The artifact.
    pub artifact: String,
    /// Why.
    pub why: String,
    /// The rollout that marked it.
    pub rollout: String,
    /// When, in milliseconds since the epoch.
    pub at_ms: u64,
}

/// A version that was made current.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    /// The artifact.
    pub artifact: String,
    /// Its label.
    pub vsn: String,
    /// The rollout that decided for it.
    pub rollout: String,
    /// When, in milliseconds since the epoch.
    pub at_ms: u64,
}

/// A host that a rollout goes on without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behind {
    /// The host.
    pub host: String,
    /// Why it was set aside.
    pub why: String,
}

/// A host that does not have the current version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftBehind {
    /// The host.
    pub host: String,
    /// Why it was set aside.
    pub why: String,
    /// The rollout that set it aside.
    pub rollout: String,
    /// When, in milliseconds since the epoch.
    pub at_ms: u64,
}
