//! What counts as unhealthy.

/// Limits on what a node may look like. None: that is not judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeamLimits {
    /// Applications that must run, such as the release's own.
    pub applications: Vec<String>,
    /// Processes and ports that wait for each online scheduler, over [`looks`](Self::looks) looks in a
    /// row. A busy node has a few; many over several looks say that it cannot keep up.
    pub run_queue_max_per_scheduler: Option<u64>,
    /// Messages in any one mailbox.
    pub mailbox_max: Option<u64>,
    /// Messages above which a mailbox must not grow over [`looks`](Self::looks) looks in a row.
    pub mailbox_growth_floor: Option<u64>,
    /// How many looks in a row make a growth, or an overload. Looks within 800 ms count as one.
    pub looks: u32,
    /// Bytes that the emulator has allocated.
    pub memory_max_bytes: Option<u64>,
    /// Restarts since the first look: looks at which a supervisor had a child replaced.
    pub restarts_max: Option<u64>,
    /// Crash reports in the log since the start.
    pub crash_reports_max: Option<u64>,
    /// Per cent of the node's own limit of processes, ports or atoms.
    pub limit_max_percent: Option<u64>,
}

impl BeamLimits {
    /// Limits that a sound node stays below, whatever it does: the run queue at 20 for each scheduler
    /// over 5 looks; no mailbox beyond 100,000 messages, nor growing over 5 looks above 1,000; 3
    /// restarts; 90 per cent of the limits of processes, ports and atoms. Memory is not judged, since
    /// what is much differs; nor are crash reports, since an application may crash a process for each
    /// bad request, as is the custom.
    pub fn usual() -> Self {
        Self {
            applications: Vec::new(),
            run_queue_max_per_scheduler: Some(20),
            mailbox_max: Some(100_000),
            mailbox_growth_floor: Some(1_000),
            looks: 5,
            memory_max_bytes: None,
            restarts_max: Some(3),
            crash_reports_max: None,
            limit_max_percent: Some(90),
        }
    }
}
