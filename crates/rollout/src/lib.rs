//! Rollout strategies as one pure state machine.
//!
//! A [`Plan`] is computed first, in full: it is what a person sees, what is journaled and what runs.
//! [`step()`] then turns events into effects; it never reads a clock, a file or a socket. One
//! interpreter performs the effects and reports what came of them as events again.
//!
//! ```text
//!            plan ──▶ Rollout ──step(event, now)──▶ (Rollout, effects)
//!                        ▲                              │ journaled with the event, then performed
//!                        └────────── replies ───────────┘
//! ```
//!
//! Invariant: replaying the journaled events, each with its own `now`, gives the identical state
//! ([`replay()`]). So a rollout can be taken over by any process that reads the journal.
#![warn(missing_docs)]

pub mod journal;

mod cause;
mod diagram;
mod effect;
mod event;
mod host;
mod judge;
mod machine;
mod name;
mod phase;
mod plan;
mod replay;
mod seen;
mod span;
mod state;
mod task;
mod tick;

pub use cause::{Cause, CommandEnd};
pub use diagram::{
    Box as DiagramBox, BoxKind, Diagram, End, Part, PartKind, Passage, State as DiagramState, Taken,
};
pub use effect::{Action, Commitment, Effect, EffectId, Errand, Share, Turn};
pub use event::{
    CommandDecision, Event, Extent, Health, Observation, Reply, RouteSeen, RunOutcome, Tally,
    TrafficSeen, Verdict,
};
pub use judge::judge;
pub use machine::step;
pub use name::{ArtifactId, HostId, InstanceId, NameError, ServiceKey};
pub use phase::Phase;
pub use plan::{
    Analysis, AutoChoice, Background, BlueGreen, Bounds, Canary, CanaryStep, Chosen, Hook,
    HookPoint, HookRun, HookSite, HostCount, HostFacts, HostPlan, Hot, HotVerdict, HotWork,
    InstanceFact, Job, JobRun, LeftOut, Mark, Metric, Moving, OnFailure, Pause, Placement, Plan,
    PlanError, Purpose, Readiness, ReleaseCommand, Request, Rolling, RouteFact, Source, Step,
    Stickiness, Strategy, Surge, Timing, Tolerance, Version, Warning, Work, compute,
};
pub use replay::{Entry, ReplayError, replay};
pub use seen::{HostSeen, Judged, Lease, StepEnd, StepRef, StepSeen, WaitFor, Waiting, Watch};
pub use span::span;
pub use state::{Rollout, Stage};
pub use tick::Tick;
