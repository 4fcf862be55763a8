//! The durable journal of rollouts, and the lease that says who may act.
//!
//! One SQLite file on the lead host. Every change is one transaction, on disk before it is answered for
//! (WAL, `synchronous = FULL`). The ledger does not decide: it refuses what would break its own rules
//! (an older token, a gap in a journal, a second unfinished rollout) and keeps the rest as given.
#![warn(missing_docs)]

mod error;
mod lease;
mod ledger;
mod rollouts;
mod schema;
mod service;
pub mod wire;

pub use error::Error;
pub use ledger::Ledger;

/// How long a request waits for a holder, in milliseconds: after that nobody is told of it.
pub const REQUEST_LASTS_MS: u64 = 10 * 60 * 1000;
