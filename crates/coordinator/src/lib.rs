//! Drives a rollout: performs the engine's effects through the agents, and journals before it acts.
//!
//! ```text
//!   CLI ──▶ Coordinator ── plan ──▶ Planned ── run ──▶ Outcome
//!                │                                        (verbs: order, abort, resume; watch)
//!                ├─ ledger (on the lead host): lease, journal, marks, what people ask for
//!                └─ hosts: effects out; replies, health and traffic in, as one kind of event
//! ```
//!
//! The engine decides; this crate only carries out, and turns whatever happens into events. It may be
//! killed at any instant: what it was about to do is in the journal, the proxies hold the weights as a
//! lease, and any other process can [`Coordinator::resume`] or [`Coordinator::abort`].
#![warn(missing_docs)]

pub mod interpret;
pub mod observe;

mod agent_host;
mod attendance;
mod clock;
mod coordinator;
mod drive;
mod errand;
mod error;
mod facts;
mod host;
mod lease;
mod ledger_door;
mod order;
mod outcome;
mod progress;
mod receipt;
mod request;
mod view;
mod wire;

pub use attendance::{Attendance, View, WhenPaused};
pub use clock::Clock;
pub use coordinator::{Answered, Coordinator, Foreseen, Known, Planned, Resume, taken};
pub use errand::run_command;
pub use error::Error;
pub use host::{Host, HostError, Hot};
pub use order::{Order, Verb};
pub use outcome::{LogTail, Outcome, Stored};
pub use progress::{Observer, Progress};
pub use receipt::{
    Counted, Finding, HostReceipt, Latency, Percentiles, Receipt, StepTook, Turn, VerbGiven,
};
pub use request::{
    NamedUrl, PrometheusServer, Request, ServiceSettings, Target, TestersHeader, Webhooks,
};
pub use view::{
    HealthView, HostView, InstanceView, Judgement, Side, Snapshot, StepState, StepView, Totals,
    TrafficView, VerbView, VersionName, WaitingView,
};
