//! The small process between the agent and one program: `cutover shim DIRECTORY`.

use std::path::Path;

/// Why a shim gave up.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// Runs what the launch file in `dir` says, until it has ended. The entry of `cutover shim DIR`.
///
/// # Errors
/// Where it could not be started.
pub fn run(dir: &Path) -> Result<(), Error> {
    Err(Error(format!("{} holds no launch", dir.display())))
}
