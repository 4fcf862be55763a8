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

/// What a healthy node is, asked through the distribution protocol: it answers in time, its boot is over,
/// its supervisors answer, and it is below these limits. An absent limit is not judged.
///
/// It is asked by each probe beside the [`HealthCheck`], and both must pass. The background check, which
/// decides over traffic, leaves it out: where all nodes are loaded, taking one out makes it worse for the
/// others. What is counted is counted from the first probe of a run on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeamHealth {
    /// Time for the node to answer, in milliseconds.
    pub timeout_ms: u64,
    /// Applications that must run, such as the release's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applications: Vec<String>,
    /// Processes and ports that wait for each online scheduler, over `looks` probes in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_queue_max_per_scheduler: Option<u64>,
    /// Messages in any one mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox_max: Option<u64>,
    /// Messages above which a mailbox must not grow over `looks` probes in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox_growth_floor: Option<u64>,
    /// How many probes in a row make a growth, or an overload.
    pub looks: u32,
    /// Bytes that the emulator has allocated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_max_bytes: Option<u64>,
    /// Restarts of children by their supervisors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts_max: Option<u64>,
    /// Crash reports in the instance's log since it was started on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash_reports_max: Option<u64>,
    /// Per cent of the node's own limit of processes, ports or atoms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_max_percent: Option<u64>,
}

impl BeamHealth {
    /// Limits that a sound node stays below, whatever it does: those of [`node::health::BeamLimits::usual`].
    pub fn usual(timeout_ms: u64) -> Self {
        let limits = node::health::BeamLimits::usual();
        Self {
            timeout_ms,
            applications: limits.applications,
            run_queue_max_per_scheduler: limits.run_queue_max_per_scheduler,
            mailbox_max: limits.mailbox_max,
            mailbox_growth_floor: limits.mailbox_growth_floor,
            looks: limits.looks,
            memory_max_bytes: limits.memory_max_bytes,
            restarts_max: limits.restarts_max,
            crash_reports_max: limits.crash_reports_max,
            limit_max_percent: limits.limit_max_percent,
        }
    }
}

/// What a node said of itself, for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeamFigures {
    /// The OTP release, such as `25`.
    pub otp: String,
    /// Whether all applications of the release are started.
    pub booted: bool,
    /// Milliseconds since the emulator started.
    pub uptime_ms: u64,
    /// Applications that run; nothing where their controller did not answer in time.
    #[serde(default)]
    pub applications: Option<u64>,
    /// Schedulers that run Erlang code.
    pub schedulers: u64,
    /// Processes and ports that wait for a scheduler.
    pub run_queue: u64,
    /// Processes that live.
    pub processes: u64,
    /// Messages in the longest mailbox.
    pub mailbox: u64,
    /// Bytes that the emulator has allocated.
    pub memory_bytes: u64,
    /// Restarts of children by their supervisors that were seen since the first probe of this run.
    pub restarts: u64,
    /// Crash reports in the instance's log since it was started on purpose.
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
