//! Version 2 of the journal: every strategy, with the steps of the plan as they were shown.

mod analysis;
mod event;
mod hook;
mod plan;
mod step;
mod strategy;
mod twin;
mod warning;

pub use analysis::{
    Analysis, ComparisonSettings, Condition, Criteria, LatencyBound, LatencySettings, Metric,
    Number, Source, ThresholdSettings,
};
pub use event::{
    CommandDecision, Event, Extent, Health, Measurement, Observation, Reply, RouteSeen, Tally,
    TrafficSeen, Verdict,
};
pub use hook::{Background, Hook, HookPoint, HookRun, HookSite, Job, JobRun, OnFailure};
pub use plan::{
    AutoChoice, HostPlan, LeftOut, Moving, Placement, Plan, Purpose, Readiness, ReleaseCommand,
    Timing, Tolerance, Version,
};
pub use step::{HotWork, Step, Work};
pub use strategy::{
    BlueGreen, Canary, CanaryStep, HostCount, Hot, Pause, Rolling, Stickiness, Strategy, Surge,
};
pub use twin::{ArtifactName, HostName, InstanceName, ServiceName};
pub use warning::Warning;

use serde::{Deserialize, Serialize};

use super::ReadError;
use crate::tick::Tick;
use twin::{Twin, words};

/// The version that is written into each plan and entry.
const VERSION: u32 = 2;

/// One entry: an event with the effects that it called for, written before they are performed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The version, which is 2.
    pub v: u32,
    /// Its place in the journal of its rollout, from 1 without gaps.
    pub seq: u64,
    /// The engine's `now`, in milliseconds since the epoch.
    pub at_ms: u64,
    /// What happened.
    pub event: Event,
    /// What is to be done about it, in words; a replay must come to the same.
    pub intents: Vec<String>,
}

words!(
    /// The phase of a rollout.
    Phase = crate::Phase { Planned, Progressing, Paused, Degraded, Healthy, Aborted, RolledBack }
);

impl From<crate::Phase> for Phase {
    fn from(phase: crate::Phase) -> Self {
        Self::write(&phase)
    }
}

impl From<Phase> for crate::Phase {
    fn from(phase: Phase) -> Self {
        phase.domain()
    }
}

impl Entry {
    /// Writes an entry of the engine.
    pub fn write(seq: u64, entry: &crate::Entry) -> Self {
        Self {
            v: VERSION,
            seq,
            at_ms: entry.now.ms(),
            event: Event::write(&entry.event),
            intents: entry.intents.clone(),
        }
    }

    /// Reads it back.
    ///
    /// # Errors
    /// Where it is of another version, or a name in it is not well-formed.
    pub fn read(&self) -> Result<crate::Entry, ReadError> {
        is_version_2(self.v)?;
        Ok(crate::Entry {
            now: Tick::from_ms(self.at_ms),
            event: self.event.clone().read()?,
            intents: self.intents.clone(),
        })
    }
}

fn is_version_2(found: u32) -> Result<(), ReadError> {
    if found == VERSION {
        return Ok(());
    }
    Err(ReadError::Version {
        found,
        wanted: VERSION,
    })
}
