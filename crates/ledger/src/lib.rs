//! The durable journal of rollouts, and the lease that says who may act.
//!
//! One SQLite file on the lead host. Every change is one transaction, on disk before it is answered for
//! (WAL, `synchronous = FULL`). The ledger does not decide: it refuses what would break its own rules
//! (an older token, a gap in a journal, a second unfinished rollout, a frozen environment) and keeps the rest
//! as given.
//!
//! What it keeps is one chain of records, each with the hash of the one before it, never changed and never
//! removed; the tables that calls read follow from it. A record that is not what was written is told with its
//! rollout and entry, and nothing is added to that rollout any more.
#![warn(missing_docs)]

mod chain;
mod check;
mod environment;
mod error;
mod fact;
mod freezes;
mod lease;
mod ledger;
mod read;
mod requests;
mod rollouts;
mod schema;
mod service;
mod tables;
pub mod wire;
mod work;

pub use error::Error;
pub use ledger::Ledger;

/// How long a request waits for a holder, in milliseconds: after that nobody is told of it.
pub const REQUEST_LASTS_MS: u64 = 10 * 60 * 1000;
