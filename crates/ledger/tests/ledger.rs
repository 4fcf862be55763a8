//! The ledger as its callers know it: calls in, replies out, a file in between.

#[path = "ledger/damage.rs"]
mod damage;
#[path = "ledger/journal.rs"]
mod journal;
#[path = "ledger/lease.rs"]
mod lease;
#[path = "ledger/rig.rs"]
mod rig;
