//! Seeded rollouts on simulated hosts: the production state machine and the production interpreter, under
//! everything that goes wrong.
//!
//! ```text
//!   seed ──▶ Scenario ──▶ World ── one event after the other ──▶ Outcome
//!                          │  coordinators (rollout::step, coordinator::interpret)
//!                          │  hosts (agents' rules, proxy::Split), network, ledger, clock, people
//!                          └─ Checker: books of its own, looked at after every event
//! ```
//!
//! Invariant: a world is a function of its scenario. There is no clock, no thread and no unordered map in it,
//! so a seed gives the same world everywhere, and a failing one can be made smaller.

mod bug;
pub mod chance;
mod check;
mod coverage;
mod driver;
mod fleet;
mod ledger;
mod machine;
mod queue;
pub mod rule;
pub mod runner;
pub mod scenario;
mod shrink;
mod world;

pub use bug::Bug;
pub use coverage::Coverage;
