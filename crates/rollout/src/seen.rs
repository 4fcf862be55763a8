//! A rollout as those see it who draw it, watch it and keep its leases.

use crate::name::{ArtifactId, HostId, InstanceId};
use crate::tick::Tick;

/// A step, of the plan or of the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepRef {
    /// By its place in [`crate::Plan::steps`].
    Plan(u32),
    /// By its place in [`crate::Rollout::way_back`].
    Back(u32),
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepEnd {
    /// It was done.
    Done,
    /// A promotion went past it, or nothing was left to do.
    Skipped,
    /// The candidate was given up in it.
    GivenUp,
    /// It was left, to prove health anew; it comes again.
    Interrupted,
}

/// A step that began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepSeen {
    /// Which.
    pub step: StepRef,
    /// When it began.
    pub began: Tick,
    /// When it ended, if it did.
    pub ended: Option<Tick>,
    /// What became of it, if it ended.
    pub end: Option<StepEnd>,
    /// What is to be told of it, such as a hook that failed and held nothing up.
    pub notes: Vec<String>,
}

/// What a rollout waits for that only a person, or somebody's hook, can give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What.
    pub what: WaitFor,
    /// Since when.
    pub since: Tick,
    /// Until when, where it is given up then.
    pub until: Option<Tick>,
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitFor {
    /// Somebody promotes it.
    Promotion,
    /// A person who paused it lets it go on.
    Person {
        /// Who paused it.
        by: String,
        /// Why, if it was said.
        why: Option<String>,
    },
    /// Somebody promotes or aborts it after an analysis that could not tell.
    Inconclusive {
        /// What was judged, in words.
        detail: String,
    },
    /// A hook agrees.
    Hook {
        /// Its name.
        name: String,
        /// What it answered last.
        detail: String,
    },
    /// A person says what became of the release command.
    Command,
}

/// A host as it stands in a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSeen<'a> {
    /// The candidate's part of the traffic, as last acknowledged.
    pub weight: Option<u8>,
    /// Why it was set aside.
    pub aside: Option<&'a str>,
    /// What was seen where it does not answer.
    pub lost: Option<&'a str>,
    /// What it refused.
    pub refused: Option<&'a str>,
    /// Whether the candidate was started here.
    pub started: bool,
    /// Whether every instance of the candidate was healthy for long enough.
    pub healthy: bool,
    /// Whether the candidate is final here.
    pub is_final: bool,
    /// Whether the current step still waits for it.
    pub pending: bool,
}

/// What was judged in an analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The step.
    pub step: StepRef,
    /// What was judged: `errors`, `latency`, or a metric's name.
    pub name: String,
    /// What was found.
    pub outcome: analysis::Outcome,
}

/// What has to be looked at on a host, again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// Which host.
    pub host: HostId,
    /// Whose health.
    pub instances: Vec<InstanceId>,
    /// Whose counters are stable's there, where that is not the plan's stable version.
    pub stable: Option<ArtifactId>,
}

/// A lease that is to be renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The host whose proxy holds it.
    pub host: HostId,
    /// For how long from now, in milliseconds.
    pub ttl_ms: u64,
}

impl std::fmt::Display for WaitFor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Promotion => f.write_str("a promotion"),
            Self::Person { by, why: None } => write!(f, "a person, paused by {by}"),
            Self::Person { by, why: Some(why) } => write!(f, "a person, paused by {by}: {why}"),
            Self::Inconclusive { detail } => {
                write!(f, "a person, for the analysis could not tell: {detail}")
            }
            Self::Hook { name, detail } => write!(f, "the hook {name} to agree: {detail}"),
            Self::Command => f.write_str("a person to say what became of the release command"),
        }
    }
}
