//! The coordinator on hosts with state, in paused time: deploys, rollbacks, and what is left when it dies
//! at any call.

#[path = "coordinator/command.rs"]
mod command;
#[path = "coordinator/deploy.rs"]
mod deploy;
#[path = "coordinator/fake.rs"]
mod fake;
#[path = "coordinator/killed.rs"]
mod killed;
#[path = "coordinator/lock.rs"]
mod lock;
#[path = "coordinator/rig.rs"]
mod rig;
#[path = "coordinator/rollback.rs"]
mod rollback;
