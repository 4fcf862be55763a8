//! Drives a rollout: performs the engine's effects through the agents, and journals before it acts.
//!
//! ```text
//!   CLI ──▶ Coordinator ── plan ──▶ Planned ── run ──▶ Outcome
//!                │
//!                ├─ ledger (on the lead host): lease, journal, marks
//!                └─ hosts: effects out; replies, health and traffic in, as one kind of event
//! ```
//!
//! The engine decides; this crate only carries out, and turns whatever happens into events. It may be
//! killed at any instant: what it was about to do is in the journal, the proxies hold the weights as a
//! lease, and any other process can [`Coordinator::resume`] or [`Coordinator::abort`].
#![warn(missing_docs)]

mod agent_host;
mod clock;
mod coordinator;
mod drive;
mod error;
mod facts;
mod host;
mod interpret;
mod lease;
mod ledger_door;
mod observe;
mod outcome;
mod progress;
mod receipt;
mod request;

pub use clock::Clock;
pub use coordinator::{Coordinator, Known, Planned, Resume};
pub use error::Error;
pub use host::{Host, HostError};
pub use outcome::{LogTail, Outcome, Stored};
pub use progress::{Observer, Progress};
pub use receipt::{Latency, Percentiles, Receipt, Snapshot, StepTook, Turn};
pub use request::{Request, ServiceSettings, Target};
