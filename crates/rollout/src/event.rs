//! What happened, as the engine is told it.

use std::collections::BTreeMap;

use crate::effect::EffectId;
use crate::name::{ArtifactId, HostId, InstanceId};
use crate::tick::Tick;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A person wants the plan carried out.
    Begin,
    /// Another process took the rollout over; what was under way is unknown.
    Resumed {
        /// What a person says of a release command with an unknown outcome.
        command: Option<CommandDecision>,
    },
    /// An effect has a reply.
    Reply {
        /// Which effect.
        id: EffectId,
        /// What came of it.
        reply: Reply,
    },
    /// A host was looked at.
    Observed {
        /// Which host.
        host: HostId,
        /// What was seen.
        seen: Observation,
    },
    /// A host could not be looked at.
    Lost {
        /// Which host.
        host: HostId,
        /// Why.
        detail: String,
    },
    /// The time asked for has come.
    Wake,
    /// A person wants stable back.
    Abort {
        /// Who.
        by: String,
        /// Why, if it was said.
        why: Option<String>,
    },
    /// A person wants it to go on from where it waits for one.
    Promote {
        /// Who.
        by: String,
        /// Why, if it was said.
        why: Option<String>,
        /// How far.
        extent: Extent,
    },
    /// A person wants it to go no further: weights stay, leased for `pause_max`.
    Pause {
        /// Who.
        by: String,
        /// Why, if it was said.
        why: Option<String>,
    },
    /// A person takes a pause of that kind back.
    Continue {
        /// Who.
        by: String,
        /// Why, if it was said.
        why: Option<String>,
    },
    /// A person wants what was refused, lost or set aside to be tried again.
    Retry {
        /// Who.
        by: String,
        /// Why, if it was said.
        why: Option<String>,
    },
}

/// How far a promotion goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// To the next step.
    Next,
    /// Past all pauses, analyses and partial weights that are left; health gates and the commit stay.
    Full,
}

/// What a person says of a release command whose outcome nobody saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandDecision {
    /// It did its work: go on.
    Done,
    /// Run it again.
    Again,
}

/// What came of an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It is done.
    Done {
        /// What is worth keeping of how it was done, such as the hooks that ran around a start.
        notes: Vec<String>,
    },
    /// The outcome of the release command, of a hook or of background work.
    Ran(RunOutcome),
    /// A metric's value.
    Measured(analysis::Measurement),
    /// The host said no; it did nothing.
    Refused {
        /// Its words.
        detail: String,
    },
    /// Nobody knows whether it was done; it is being asked for again.
    Unknown {
        /// What was seen.
        detail: String,
    },
}

/// What became of the release command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunOutcome {
    /// It ended with this exit code.
    Finished {
        /// The exit code; 128 + n for signal n.
        exit: i32,
        /// The end of what it printed.
        output: String,
    },
    /// It began, and nobody saw its end.
    Unknown,
}

/// A host as it was seen at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// When looking began; what was changed later is not in it.
    pub began: Tick,
    /// The health of the instances that were asked for.
    pub instances: BTreeMap<InstanceId, Health>,
    /// Where the proxy sends traffic, where there is a route.
    pub route: Option<RouteSeen>,
    /// The proxy's counters.
    pub traffic: TrafficSeen,
}

/// The health of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What its check says.
    pub verdict: Verdict,
    /// How often it was restarted after a crash since it was started on purpose.
    pub restarts: u32,
    /// The check's words.
    pub detail: String,
}

/// What a health check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It passed.
    Healthy,
    /// It did not pass, but the process runs.
    Unhealthy,
    /// The process does not run.
    Down,
}

/// Where a proxy sends a service's traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteSeen {
    /// The versions that take new requests, with their weights.
    pub weights: BTreeMap<ArtifactId, u8>,
    /// Whether a lease ran out and traffic went back to stable.
    pub reverted: bool,
}

/// A proxy's counters of the two versions of a rollout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrafficSeen {
    /// Which life of the counters this is.
    pub epoch: u64,
    /// The stable version's.
    pub stable: Tally,
    /// The candidate's.
    pub candidate: Tally,
}

/// A version's counters, as far as decisions need them. Requests of testers are not among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests begun.
    pub requests: u64,
    /// Requests that failed on the way, and answers of class 5xx.
    pub bad: u64,
    /// Requests whose answer took longer than the bound of the plan's comparison, where it has one.
    pub slow: u64,
    /// Requests in flight, sockets and streams open now.
    pub open: u64,
}
