//! What a host does for us: instance roots made from the store, and the process runtime.
//!
//! ```text
//!   agent ──starts──▶ shim ──starts──▶ the release's VM     own process group
//!     ▲                │ reaps it, writes logs/current.log, run.json, exit.json
//!     └── watches both by pidfd; may die and come back
//! ```
//!
//! A program outlives the agent *and* its shim: its output goes to a FIFO that it holds open itself, so
//! that a shim that is killed breaks nothing. The next shim of the directory adopts what still runs.

pub mod command;
pub mod environment;
pub mod epmd;
pub mod log;
pub mod port;
pub mod process;
pub mod root;
pub mod shim;
pub mod sockets;
