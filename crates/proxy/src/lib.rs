//! The reverse proxy of a host.
//!
//! It runs as a process of its own (`cutover proxy`), told what to do over a unix socket
//! ([`control::v1`]), and serves on while the agent is dead.
//!
//! ```text
//! worker (thread, runtime, own socket on each listener)   × cores
//!   └─ serve1 / serve2 ─ perform ─ exchange ─▶ instance     one task for each client connection
//!                           │         └─ tunnel             after 101
//!                           └─ table (snapshot) ◀─ registry ◀─ control socket
//! ```
//!
//! What decides without I/O is in [`choice`], `claims`, `commitment`, `config`, `events`, `frames`,
//! `http1`, [`Split`] and `sticky`. Counters have one writer each (`counters`). A change is durable (`state`) before it is in
//! force, but for the return to stable, which comes first.
//!
//! # What a client's word counts for
//! `X-Forwarded-*`, `X-Real-IP` and `Forwarded` of a client are dropped and `X-Forwarded-For`, `-Proto`
//! and `-Host` written anew. `Via` is not written. Requests that could be read in two ways are refused
//! with 400 and the connection is closed (`http1::request`).

mod ask;
mod buffer;
pub mod choice;
mod claims;
mod client1;
mod client2;
mod commitment;
mod config;
pub mod control;
mod counters;
mod door;
mod downstream;
mod drain;
mod events;
mod exchange;
mod flight;
mod frames;
mod home;
mod http1;
mod layout;
mod listener;
mod listeners;
mod marks;
mod metrics;
mod outgoing;
mod perform;
mod pipe;
mod registry;
mod run;
mod serve1;
mod serve2;
mod service;
mod sockets;
mod split;
mod state;
mod sticky;
mod table;
mod timer;
mod tunnel;
mod upstream;
mod version;
mod worker;

use std::future::Future;
use std::path::PathBuf;

pub use claims::overlap;
pub use home::ServeError;
pub use split::{InvalidConfig, Reverted, Split, Tick};

/// What a proxy is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The directory of its state and its control socket; made (0700) if it is not there.
    pub home: PathBuf,
}

/// Runs the proxy until SIGTERM or SIGINT; blocks.
///
/// It restores the state kept in `home`, opens the listeners and the control socket, and serves. On
/// SIGTERM it stops to accept, lets requests finish and moves sockets, for at most 10 s.
///
/// # Errors
/// Where another proxy runs on this home, or the home or its control socket cannot be made.
pub fn serve(options: Options) -> Result<(), ServeError> {
    run::run(&options, run::signals())
}

/// Runs the proxy until `stop` is ready instead of a signal; blocks.
///
/// # Errors
/// As of [`serve`].
pub fn serve_until(options: Options, stop: impl Future<Output = ()>) -> Result<(), ServeError> {
    run::run(&options, stop)
}
