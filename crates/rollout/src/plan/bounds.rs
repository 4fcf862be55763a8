//! The numbers that bound a rollout.

use super::HostCount;

/// Deadlines and durations, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long a candidate must be healthy without a break before it takes traffic.
    pub min_healthy_time_ms: u64,
    /// By when it must have been.
    pub healthy_deadline_ms: u64,
    /// How long any other step may make no progress.
    pub progress_deadline_ms: u64,
    /// How long the candidate is watched with all traffic before the commit.
    pub watch_ms: u64,
    /// How long requests and sockets of a version may take to end or move.
    pub drain_timeout_ms: u64,
    /// How long it is observed after the drain, for the receipt.
    pub after_ms: u64,
    /// How long the earlier version is kept running for an instant way back; 0 stops it.
    pub rollback_window_ms: u64,
    /// After how long without a coordinator the proxies return to stable by themselves.
    pub orphan_timeout_ms: u64,
    /// Time between two looks at a host.
    pub probe_every_ms: u64,
    /// How long a pause may last; the weights of that time are leased for it, then stable is back.
    pub pause_max_ms: u64,
}

impl Timing {
    /// What suits one host and an application that starts in seconds; deadlines as Nomad has them.
    pub const USUAL: Self = Self {
        min_healthy_time_ms: 5_000,
        healthy_deadline_ms: 300_000,
        progress_deadline_ms: 600_000,
        watch_ms: 10_000,
        drain_timeout_ms: 60_000,
        after_ms: 5_000,
        rollback_window_ms: 600_000,
        orphan_timeout_ms: 15_000,
        probe_every_ms: 500,
        pause_max_ms: 86_400_000,
    };
}

/// What is put up with before a candidate is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// Restarts after a crash while it starts.
    pub restarts_max: u32,
    /// Failed health checks in a row while it is watched; one more gives it up.
    pub unhealthy_max: u32,
    /// Fewer failed requests and 5xx answers than this are not judged.
    pub errors_min: u64,
    /// How far its rate of those may lie over stable's, in thousandths.
    pub errors_over_stable_permille: u32,
    /// How many hosts may fail or be lost before the candidate is given up; those are set aside. None is
    /// put up with before the first host has passed.
    pub failure_budget: HostCount,
    /// How many instances of the service take traffic at every instant (invariant I1). A plan that cannot
    /// keep to it is refused.
    pub min_available: HostCount,
}

impl Tolerance {
    /// What suits most services.
    pub const USUAL: Self = Self {
        restarts_max: 2,
        unhealthy_max: 2,
        errors_min: 5,
        errors_over_stable_permille: 20,
        failure_budget: HostCount::Hosts(0),
        min_available: HostCount::Hosts(1),
    };
}

/// How clients are moved off a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moving {
    /// The reconnect budget: sockets and streams asked to go each second, on each host.
    pub sockets_per_second: u32,
    /// The close code of a WebSocket.
    pub close_code: u16,
}

impl Moving {
    /// 200 a second with 1012 (service restart), after which phoenix.js comes back.
    pub const USUAL: Self = Self {
        sockets_per_second: 200,
        close_code: 1012,
    };
}

/// How long a plan may take, in milliseconds from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// If nothing has to be waited for longer than it must.
    pub expected_ms: u64,
    /// If every step takes as long as it may.
    pub longest_ms: u64,
    /// Until when abort returns to stable at the cost of nothing, if all goes as expected.
    pub abort_until_ms: u64,
    /// Until when a rollback needs no start, if all goes as expected.
    pub rollback_until_ms: u64,
}
