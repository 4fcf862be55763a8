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

mod advance;
mod apply;
mod cause;
mod effect;
mod event;
mod judge;
mod name;
mod phase;
mod plan;
mod replay;
mod state;
mod step;
mod tick;

pub use cause::{Cause, CommandEnd};
pub use effect::{Action, Commitment, Effect, EffectId, Share};
pub use event::{
    CommandDecision, Event, Health, Observation, Reply, RouteSeen, RunOutcome, Tally, TrafficSeen,
    Verdict,
};
pub use judge::judge;
pub use name::{ArtifactId, HostId, InstanceId, NameError, ServiceKey};
pub use phase::Phase;
pub use plan::{
    Bounds, Chosen, HostFacts, HostPlan, InstanceFact, Mark, Moving, Placement, Plan, PlanError,
    PlannedStep, Purpose, Readiness, ReleaseCommand, Request, RouteFact, Strategy, Timing,
    Tolerance, Version, Warning, compute,
};
pub use replay::{Entry, ReplayError, replay};
pub use state::{Committed, Reversible, Reverting, Rollout, Stage, StepTime, Watch};
pub use step::step;
pub use tick::Tick;
