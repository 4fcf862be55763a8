//! Starting a shim, as its agent does.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};

use super::directory::Directory;
use super::session::{FAILED, STARTED};
use super::wire::Record;

/// Time for a shim to start its program.
const START_TIME: Duration = Duration::from_secs(30);

/// Why a shim could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The shim's program could not be run.
    #[error("cannot start a shim with {}: {source}", binary.display())]
    Spawn {
        /// The program.
        binary: PathBuf,
        /// The system's own error.
        source: io::Error,
    },
    /// The shim gave up.
    #[error("{reason}")]
    GaveUp {
        /// Its own words.
        reason: String,
    },
    /// Its record could not be read.
    #[error(transparent)]
    Record(#[from] sys::file::FileError),
}

/// Starts a shim on `dir` with `binary shim DIR` and waits until its program runs. The shim is reaped by
/// a task of this runtime, and lives on without it.
///
/// # Errors
/// Where shim or program could not be started; then neither runs.
pub async fn start(binary: &Path, dir: &Directory) -> Result<Record, StartError> {
    let spawn = |source| StartError::Spawn {
        binary: binary.to_owned(),
        source,
    };
    let mut command = sys::process::command(binary);
    command
        .arg("shim")
        .arg(dir.path())
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = tokio::process::Command::from(command)
        .spawn()
        .map_err(spawn)?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        let mut stdout = BufReader::new(stdout);
        tokio::time::timeout(START_TIME, stdout.read_line(&mut line))
            .await
            .map_err(|_| gave_up(format!("no word from the shim in {START_TIME:?}")))?
            .map_err(spawn)?;
    }
    tokio::spawn(async move {
        if let Err(error) = child.wait().await {
            tracing::warn!(%error, "a shim could not be reaped");
        }
    });
    let line = line.trim_end();
    if line != STARTED {
        let reason = line.strip_prefix(FAILED).unwrap_or(line);
        return Err(gave_up(match reason {
            "" => "the shim ended without a word".to_owned(),
            reason => reason.to_owned(),
        }));
    }
    dir.record()?
        .ok_or_else(|| gave_up("the shim left no record".to_owned()))
}

fn gave_up(reason: String) -> StartError {
    StartError::GaveUp { reason }
}
