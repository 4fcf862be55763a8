//! What is told of damage.

use serde::{Deserialize, Serialize};

/// The first place where the ledger does not have what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// The rollout that it belongs to, where it belongs to one and that is known.
    pub rollout: Option<String>,
    /// The entry of its journal, where it is one.
    pub seq: Option<u64>,
    /// What is wrong.
    pub what: String,
}
