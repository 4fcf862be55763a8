//! The control process of a host.
//!
//! ```text
//!   CLI, coordinator ──unix socket──▶ agent ──▶ shim ──▶ the release's VM      (one pair an instance)
//!                                       └─────▶ proxy                          (told over its own socket)
//! ```
//!
//! The agent may die and come back at any time: instances, their shims and the proxy go on without it,
//! and are known again by pid and start time. What it must not forget lies in files written before the
//! deed: what every instance should be doing, the fencing tokens (invariant I5), the runs begun.

mod agent;
pub mod api;
mod artifacts;
pub mod client;
mod cookies;
mod daemon;
mod epmds;
mod farewell;
mod health;
mod home;
mod http;
mod identity;
mod instance;
pub mod launch;
mod ledger_door;
mod name;
mod orders;
mod proxy_keeper;
mod refusal;
mod runs;
mod services;
mod tokens;

pub use daemon::{Error, Options, run};
pub use home::HomeError;
pub use identity::IdentityError;
