//! What goes wrong.

use rollout::HotWork;

/// One thing that goes wrong. Times are milliseconds since the begin of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The candidate is not well on a host.
    Candidate {
        /// Where.
        host: u32,
        /// How.
        ailment: Ailment,
    },
    /// A host is lost, and comes back later, or never.
    HostLost {
        /// Which.
        host: u32,
        /// From when.
        at: u64,
        /// For how long.
        for_ms: Option<u64>,
    },
    /// Coordinators do not reach a host; its traffic goes on.
    Partition {
        /// Which.
        host: u32,
        /// From when.
        at: u64,
        /// For how long.
        for_ms: u64,
    },
    /// An agent is killed and starts anew.
    AgentRestart {
        /// Where.
        host: u32,
        /// When.
        at: u64,
    },
    /// A proxy is killed and starts anew.
    ProxyRestart {
        /// Where.
        host: u32,
        /// When.
        at: u64,
    },
    /// A host's disk is full.
    DiskFull {
        /// Where.
        host: u32,
        /// From when.
        at: u64,
        /// For how long.
        for_ms: u64,
    },
    /// The ledger takes nothing: its disk is full, or nobody reaches it.
    LedgerAway {
        /// From when.
        at: u64,
        /// For how long.
        for_ms: u64,
    },
    /// The coordinator that is alive dies with its nth journaled step.
    CoordinatorDies {
        /// Which step, counted over the whole rollout.
        step: u32,
        /// Where exactly.
        gap: Gap,
    },
    /// The coordinator that is alive stands still for longer than its lease, and goes on.
    Frozen {
        /// From when.
        at: u64,
        /// For how long.
        for_ms: u64,
    },
    /// The coordinator that is alive does not reach the ledger for longer than its lease.
    CutFromLedger {
        /// From when.
        at: u64,
        /// For how long.
        for_ms: u64,
    },
    /// The clock of whoever coordinates is set.
    ClockStep {
        /// When.
        at: u64,
        /// By how much.
        by_ms: i64,
    },
    /// Calls are lost before they arrive.
    CallsLost {
        /// Of a thousand.
        permille: u64,
    },
    /// Calls are obeyed, and their answers lost.
    AnswersLost {
        /// Of a thousand.
        permille: u64,
    },
    /// Calls arrive after they were given up.
    CallsLate {
        /// Of a thousand.
        permille: u64,
    },
    /// Calls and replies come twice, the second one later.
    Twice {
        /// Of a thousand.
        permille: u64,
    },
    /// Messages take long now and then, and overtake each other.
    Slow {
        /// Of a thousand.
        permille: u64,
    },
    /// Nobody sees the end of the release command.
    CommandUnseen,
    /// A hook fails.
    HookFails {
        /// Which.
        hook: u32,
    },
    /// A hook that waits agrees only after so many calls.
    HookWaits {
        /// Which.
        hook: u32,
        /// How many.
        calls: u32,
    },
    /// A metric is bad.
    MetricBad,
    /// The source of metrics fails.
    MetricErrors,
}

/// How a candidate is not well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ailment {
    /// It crashes again and again.
    CrashLoop,
    /// It is never healthy.
    Sick,
    /// Its check passes only now and then.
    Flaps,
    /// It dies once.
    DiesAt(u64),
    /// It comes up too late.
    SlowBoot(u64),
    /// It answers that part of its requests with 5xx, in thousandths.
    Errs(u64),
    /// It is sick, and its check says otherwise until then.
    LiesUntil(u64),
    /// Its checks take long, in milliseconds.
    SlowChecks(u64),
    /// Its release command ends with 1.
    CommandFails,
    /// Its background work does not begin.
    ActivateFails,
    /// Background work does not end.
    QuiesceFails,
    /// A part of the hot upgrade does not work.
    HotFails(HotWork),
}

/// Where a coordinator dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// It has decided, and nothing is written.
    BeforeJournal,
    /// It is written, but the coordinator does not learn so.
    BeforeEffects,
    /// Only some effects are under way.
    AmongEffects,
}

impl Fault {
    /// Returns its word for the coverage.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Candidate { ailment, .. } => ailment.word(),
            Self::HostLost { for_ms: None, .. } => "host_lost_for_good",
            Self::HostLost { .. } => "host_lost",
            Self::Partition { .. } => "partition",
            Self::AgentRestart { .. } => "agent_restart",
            Self::ProxyRestart { .. } => "proxy_restart",
            Self::DiskFull { .. } => "disk_full",
            Self::LedgerAway { .. } => "ledger_away",
            Self::CoordinatorDies { gap, .. } => match gap {
                Gap::BeforeJournal => "dies_before_journal",
                Gap::BeforeEffects => "dies_before_effects",
                Gap::AmongEffects => "dies_among_effects",
            },
            Self::Frozen { .. } => "coordinator_frozen",
            Self::CutFromLedger { .. } => "coordinator_cut_from_ledger",
            Self::ClockStep { .. } => "clock_step",
            Self::CallsLost { .. } => "calls_lost",
            Self::AnswersLost { .. } => "answers_lost",
            Self::CallsLate { .. } => "calls_late",
            Self::Twice { .. } => "twice",
            Self::Slow { .. } => "slow_network",
            Self::CommandUnseen => "command_unseen",
            Self::HookFails { .. } => "hook_fails",
            Self::HookWaits { .. } => "hook_waits",
            Self::MetricBad => "metric_bad",
            Self::MetricErrors => "metric_errors",
        }
    }

    /// The host that it is about.
    pub(crate) fn host(&self) -> Option<u32> {
        match self {
            Self::Candidate { host, .. }
            | Self::HostLost { host, .. }
            | Self::Partition { host, .. }
            | Self::AgentRestart { host, .. }
            | Self::ProxyRestart { host, .. }
            | Self::DiskFull { host, .. } => Some(*host),
            _ => None,
        }
    }
}

impl Ailment {
    fn word(self) -> &'static str {
        match self {
            Self::CrashLoop => "crash_loop",
            Self::Sick => "sick",
            Self::Flaps => "flaps",
            Self::DiesAt(_) => "dies",
            Self::SlowBoot(_) => "slow_boot",
            Self::Errs(_) => "errs",
            Self::LiesUntil(_) => "lying_checks",
            Self::SlowChecks(_) => "slow_checks",
            Self::CommandFails => "command_fails",
            Self::ActivateFails => "activate_fails",
            Self::QuiesceFails => "quiesce_fails",
            Self::HotFails(_) => "hot_fails",
        }
    }
}
