//! How a rollout ended.

use rollout::{HostId, Phase};
use serde::{Deserialize, Serialize};

use crate::receipt::{Receipt, Snapshot};

/// How a rollout ended, or what it waits for.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The rollout's id.
    pub rollout: String,
    /// Its phase.
    pub phase: Phase,
    /// Whether it is at its end; else `resume` or `abort` is to follow.
    pub finished: bool,
    /// Why it was given up, or what it waits for.
    pub cause: Option<String>,
    /// The end of the log of the instance that is to blame.
    pub log: Option<LogTail>,
    /// Hosts that do not answer or refuse, with what was seen.
    pub hosts_behind: Vec<(HostId, String)>,
    /// What it was like for clients.
    pub receipt: Option<Receipt>,
}

/// The end of an instance's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogTail {
    /// Where.
    pub host: String,
    /// Which instance.
    pub instance: String,
    /// Its last lines.
    pub text: String,
}

/// What the ledger keeps with a rollout for its receipt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    /// Counters as they were at the turns of the rollout.
    pub snapshots: Vec<Snapshot>,
    /// The end of the log of the instance that is to blame.
    pub log: Option<LogTail>,
    /// The receipt, once it is at its end.
    pub receipt: Option<Receipt>,
}
