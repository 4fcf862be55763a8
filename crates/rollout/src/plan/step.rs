//! A step of a plan: what is done, on which hosts, and how long it may take.

/// A step. A strategy is nothing but a list of them; so is the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name, unique within the plan: `start`, `weight-20`, `drain-3` (of batch 3).
    pub name: String,
    /// What is done.
    pub work: Work,
    /// Where: places in [`super::Plan::hosts`], ascending.
    pub hosts: Vec<u32>,
    /// The batch that it is of, from 1, where hosts go in batches.
    pub batch: Option<u32>,
    /// If nothing has to be waited for longer than it must, in milliseconds.
    pub expected_ms: u64,
    /// If it takes as long as it may, in milliseconds.
    pub longest_ms: u64,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Runs a hook, by its place in [`super::Plan::hooks`].
    Hook(u32),
    /// Removes what is in the way.
    Clear,
    /// Starts the candidate and waits until it is healthy.
    Start,
    /// Runs the release command once, on the first host.
    Command,
    /// Ends stable's background work.
    Quiesce,
    /// Begins the candidate's background work.
    Activate,
    /// Lets testers at the candidate: preview address and header, with weight 0, leased.
    Preview,
    /// Gives the candidate that part of the traffic, leased.
    Weight(u8),
    /// Waits for a time, or for a person.
    Pause {
        /// That many milliseconds; without it until promoted.
        for_ms: Option<u64>,
    },
    /// Judges the candidate, by its place in [`super::Plan::analyses`].
    Analysis(u32),
    /// Watches health, and errors against a bound.
    Watch {
        /// That many milliseconds.
        for_ms: u64,
    },
    /// Has every proxy prepare, then commit. `decides`: the point of no return of the whole rollout.
    Commit {
        /// Whether it is the last one.
        decides: bool,
    },
    /// Lets stable's requests finish and moves its sockets.
    Drain,
    /// Keeps stable warm for the rollback window, or stops it where there is none.
    Keep,
    /// Fails the readiness path, so that the balancer in front leaves the host.
    Leave {
        /// Time that the balancer needs to notice, in milliseconds.
        lb_notice_ms: u64,
    },
    /// Stops stable before the candidate starts, where there is no room for both.
    Vacate,
    /// Passes the readiness path again.
    Return,
    /// Part of a hot upgrade.
    Hot(HotWork),
    /// Looks a last time, for the receipt.
    Settle {
        /// That many milliseconds.
        for_ms: u64,
    },
    /// Only on the way back: waits for the end of a release command that may be under way.
    AwaitCommand,
    /// Only on the way back: starts stable again where it was stopped, and waits until it is healthy.
    Restore,
    /// Only on the way back: ends the candidate's background work.
    QuiesceBack,
    /// Only on the way back: begins stable's background work again.
    ActivateBack,
    /// Only on the way back: gives stable all traffic.
    RouteBack,
    /// Only on the way back: lets the candidate's requests finish and moves its sockets.
    DrainBack,
    /// Only on the way back: stops the candidate.
    StopBack,
    /// Only on the way back: the old code, permanently.
    HotBack,
}

/// The parts of a hot upgrade, on every instance of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HotWork {
    /// Looks whether the node can be upgraded now.
    Probe,
    /// Brings the package to the node.
    Unpack,
    /// Changes the code, provisionally.
    Install,
    /// Checks that every process and module runs the new code, and watches health.
    Verify,
    /// Makes it permanent, and tells the proxy the new name of the version.
    Commit,
}

impl HotWork {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Unpack => "unpack",
            Self::Install => "install",
            Self::Verify => "verify",
            Self::Commit => "commit",
        }
    }
}
