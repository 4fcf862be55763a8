//! The coordinator on hosts with state, in paused time: each strategy, verbs, and what is left when it dies
//! at any call.

#[path = "coordinator/canary.rs"]
mod canary;
#[path = "coordinator/command.rs"]
mod command;
#[path = "coordinator/deploy.rs"]
mod deploy;
#[path = "coordinator/fake.rs"]
mod fake;
#[path = "coordinator/hooks.rs"]
mod hooks;
#[path = "coordinator/killed.rs"]
mod killed;
#[path = "coordinator/ledgered.rs"]
mod ledgered;
#[path = "coordinator/lock.rs"]
mod lock;
#[path = "coordinator/many.rs"]
mod many;
#[path = "coordinator/planned.rs"]
mod planned;
#[path = "coordinator/rig.rs"]
mod rig;
#[path = "coordinator/rollback.rs"]
mod rollback;
#[path = "coordinator/rolling.rs"]
mod rolling;
#[path = "coordinator/verbs.rs"]
mod verbs;
#[path = "coordinator/watching.rs"]
mod watching;
#[path = "coordinator/webhooks.rs"]
mod webhooks;
