//! A running BEAM seen from Rust, over the distribution protocol: no library in the user's application,
//! no Erlang on this side.
//!
//! ```text
//! Target ──Connection::open──▶ Connection ──call, eval──▶ Term
//!                                  │
//!                               Prober ──look──▶ Probe ──health::Judge::see──▶ Verdict
//! ```
//!
//! We connect as a hidden node, which is no part of the cluster, and leave nothing behind on the node.
#![warn(missing_docs)]

mod bootstrap;
mod connection;
mod control;
mod epmd;
mod error;
mod frame;
mod handshake;
pub mod health;
pub mod probe;
mod prober;
mod target;

pub use connection::{Bounds, Connection};
pub use error::{CallError, ConnectError, Error, Exception, Step};
pub use probe::Probe;
pub use prober::{Prober, probe};
pub use target::{Cookie, Door, InvalidNodeName, NodeName, Target};
