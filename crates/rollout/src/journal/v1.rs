//! Version 1 of the journal, of blue-green only. It is read for history; a rollout that is unfinished in it
//! has to be ended by the version that began it.

mod event;
mod plan;

pub use event::{
    CommandDecision, Event, Health, Observation, Reply, RouteSeen, Tally, TrafficSeen, Verdict,
};
pub use plan::{
    HostPlan, Moving, Placement, Plan, Purpose, Readiness, ReleaseCommand, Strategy, Timing,
    Tolerance, Version, Warning,
};

use serde::Deserialize;

use crate::name::NameError;
use crate::tick::Tick;

/// One entry: an event with the effects that it called for, written before they are performed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// Its place in the journal of its rollout, from 1 without gaps.
    pub seq: u64,
    /// The engine's `now`, in milliseconds since the epoch.
    pub at_ms: u64,
    /// What happened.
    pub event: Event,
    /// What is to be done about it, in words; a replay must come to the same.
    pub intents: Vec<String>,
}

/// The phase of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's Phase")]
pub enum Phase {
    Planned,
    Progressing,
    Paused,
    Degraded,
    Healthy,
    Aborted,
    RolledBack,
}

impl From<Phase> for crate::Phase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Planned => Self::Planned,
            Phase::Progressing => Self::Progressing,
            Phase::Paused => Self::Paused,
            Phase::Degraded => Self::Degraded,
            Phase::Healthy => Self::Healthy,
            Phase::Aborted => Self::Aborted,
            Phase::RolledBack => Self::RolledBack,
        }
    }
}

impl Entry {
    /// Reads it back.
    ///
    /// # Errors
    /// Where a name in it is not well-formed.
    pub fn read(&self) -> Result<crate::Entry, NameError> {
        Ok(crate::Entry {
            now: Tick::from_ms(self.at_ms),
            event: self.event.clone().try_into()?,
            intents: self.intents.clone(),
        })
    }
}
