//! How the health of an instance is told.

use serde::{Deserialize, Serialize};

/// A health check. Durations are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HealthCheck {
    /// `GET path` answers as expected in time.
    Http {
        /// The path, beginning with `/`.
        path: String,
        /// Time for the whole answer.
        timeout_ms: u64,
        /// The `Host` header; the instance's address where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<String>,
        /// The statuses that pass; empty stands for any 2xx.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        statuses: Vec<u16>,
    },
    /// The port accepts a connection in time.
    Tcp {
        /// Time to connect.
        timeout_ms: u64,
    },
    /// A program exits with code 0 in time.
    ///
    /// No shell is between: the first word is the program, looked for in the instance's `PATH`, or below
    /// its root where it holds a `/` and is not absolute. It runs in the instance's root with the
    /// instance's environment and the `CUTOVER_*` variables of [`super::LifecycleHook`]. At the time limit
    /// it is killed with all below it. It never runs twice at once for one instance.
    Command {
        /// The program and its arguments.
        words: Vec<String>,
        /// Time for it to end.
        timeout_ms: u64,
    },
}

/// What a healthy node is, asked through the distribution protocol.
///
/// It is asked by each probe beside the [`HealthCheck`], and both must pass. The background check, which
/// decides over traffic, leaves it out: where all nodes are loaded, taking one out makes it worse for the
/// others. A limit that is absent is not checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeamHealth {
    /// Time for the node to answer, in milliseconds. One that does not is unhealthy.
    pub timeout_ms: u64,
    /// Processes ready to run, for each scheduler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_queue_max: Option<u64>,
    /// Messages in the longest mailbox, if it grew since the probe before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox_max: Option<u64>,
    /// Restarts by supervisors since the instance started, as its log tells them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts_max: Option<u64>,
    /// Crash reports since the instance started, as its log tells them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash_reports_max: Option<u64>,
    /// Memory of the VM, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes_max: Option<u64>,
}

/// What a node said of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeamFigures {
    /// Applications of the release that are not up.
    pub applications_down: Vec<String>,
    /// Processes ready to run, in all run queues.
    pub run_queue: u64,
    /// Schedulers online.
    pub schedulers: u64,
    /// Processes that live.
    pub processes: u64,
    /// Messages in the longest mailbox.
    pub mailbox: u64,
    /// Whose mailbox that is: a registered name, or a pid.
    #[serde(default)]
    pub mailbox_of: Option<String>,
    /// Memory of the VM, in bytes.
    pub memory_bytes: u64,
    /// Restarts by supervisors since the instance started, as its log tells them.
    pub restarts: u64,
    /// Crash reports since the instance started, as its log tells them.
    pub crash_reports: u64,
}

/// The outcome of one health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeResult {
    /// Whether it passed.
    pub healthy: bool,
    /// What was seen, in words; for a refused connection with the ports that the instance listens on.
    pub detail: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Whether the instance's process runs.
    pub running: bool,
    /// Restarts after a crash, as in [`super::InstanceStatus`].
    pub restarts: u32,
    /// What the node said, where [`BeamHealth`] is asked for and it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beam: Option<BeamFigures>,
}
