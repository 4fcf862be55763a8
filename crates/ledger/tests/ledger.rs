//! The ledger as its callers know it: calls in, replies out, a file in between.

#[path = "ledger/behind.rs"]
mod behind;
#[path = "ledger/chain.rs"]
mod chain;
#[path = "ledger/crash.rs"]
mod crash;
#[path = "ledger/damage.rs"]
mod damage;
#[path = "ledger/environment.rs"]
mod environment;
#[path = "ledger/freeze.rs"]
mod freeze;
#[path = "ledger/full_disk.rs"]
mod full_disk;
#[path = "ledger/journal.rs"]
mod journal;
#[path = "ledger/lease.rs"]
mod lease;
#[path = "ledger/migration.rs"]
mod migration;
#[path = "ledger/request.rs"]
mod request;
#[path = "ledger/rig.rs"]
mod rig;
#[path = "ledger/wire.rs"]
mod wire;
