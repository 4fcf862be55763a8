//! Starting the local agent when it does not run yet.
//!
//! The child says on its standard output how its start went: a line `ready`, or a line `error: …`. So the
//! one who waits is woken by the event itself.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::client::{self, Client};

/// The line that a started agent prints once its socket is open.
pub(crate) const READY: &str = "ready";
/// What begins the line that an agent prints if it cannot start.
pub(crate) const FAILED: &str = "error: ";

/// Time for the agent to open its socket.
const START_TIME: Duration = Duration::from_secs(30);
/// Time for one that another starts, before it is tried again.
const OTHER_TIME: Duration = Duration::from_secs(1);
/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Bytes that are shown of what an agent complained of.
const COMPLAINT_BYTES_MAX: u64 = 4096;

/// Whether the agent had to be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// It ran before.
    Already,
    /// It was started now.
    New,
}

/// Why the local agent could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program could not be run.
    #[error("cannot start the agent with {}: {source}", binary.display())]
    Spawn {
        /// The program.
        binary: PathBuf,
        /// The system's own error.
        source: io::Error,
    },
    /// It started and gave up.
    #[error("the agent of {} did not start: {reason}", home.display())]
    GaveUp {
        /// The agent's directory.
        home: PathBuf,
        /// Its own words.
        reason: String,
    },
    /// It runs, and does not answer.
    #[error("the agent of {} does not answer: {source}", home.display())]
    Silent {
        /// The agent's directory.
        home: PathBuf,
        /// What the last call met.
        source: client::Error,
    },
}

/// Returns a client of the agent at `agent_home`, which is started with `binary agent run --home …` as a
/// process of its own if it does not run.
///
/// # Errors
/// Where it cannot be started, or does not answer in time. No half-started agent is left.
pub async fn ensure(agent_home: &Path, binary: &Path) -> Result<(Client, Started), Error> {
    ensure_named(agent_home, None, binary).await
}

/// As [`ensure`], for one of several agents of a machine that stand for hosts: one that is started is given
/// the name of its host.
///
/// # Errors
/// As [`ensure`]. The name of an agent that runs already is as it was.
pub async fn ensure_named(
    agent_home: &Path,
    name: Option<&str>,
    binary: &Path,
) -> Result<(Client, Started), Error> {
    let client = Client::at_home(agent_home);
    let deadline = tokio::time::Instant::now() + START_TIME;
    loop {
        let late = tokio::time::Instant::now() >= deadline;
        match client.info().await {
            Ok(_) => return Ok((client, Started::Already)),
            Err(client::Error::Unreachable { .. }) if !late => {}
            // One that is killed while it starts a process leaves its socket and its lock to that one until
            // it is another program.
            Err(client::Error::Broken { .. }) if !late => {
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            }
            Err(source) => return Err(silent(agent_home, source)),
        }
        let said = start(agent_home, name, binary).await?;
        if said == READY {
            return Ok((client, Started::New));
        }
        // Another may have started it at the same time, and be about to open its socket.
        let reason = said.strip_prefix(FAILED).unwrap_or(&said).to_owned();
        if !reason.contains(crate::home::ALREADY_RUNS) {
            let home = agent_home.to_owned();
            return Err(Error::GaveUp { home, reason });
        }
        await_other(&client).await;
    }
}

/// Runs the agent and returns the first line it says.
async fn start(agent_home: &Path, name: Option<&str>, binary: &Path) -> Result<String, Error> {
    let spawn = |source| Error::Spawn {
        binary: binary.to_owned(),
        source,
    };
    let mut command = sys::process::command(binary);
    command
        .args(["agent", "run", "--home"])
        .arg(agent_home)
        .args(name.iter().flat_map(|name| ["--name", name]))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(spawn)?;
    let stdout = child.stdout.take();
    let line = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        if let Some(stdout) = stdout {
            // The pipe is closed by the child's end at the latest.
            BufReader::new(stdout).read_line(&mut line)?;
        }
        io::Result::Ok((line.trim_end().to_owned(), child))
    });
    let gave_up = |reason: String| Error::GaveUp {
        home: agent_home.to_owned(),
        reason,
    };
    let said = tokio::time::timeout(START_TIME, line)
        .await
        .map_err(|_| gave_up(format!("no word from it in {} s", START_TIME.as_secs())))?
        .map_err(|e| gave_up(e.to_string()))?;
    let (line, mut child) = said.map_err(spawn)?;
    if line == READY {
        return Ok(line);
    }
    let status = child.wait().map_err(spawn)?;
    if !line.is_empty() {
        return Ok(line);
    }
    // It gave up before it could say so in the agreed way; it has ended, so nothing is waited for.
    let mut complaint = String::new();
    if let Some(stderr) = child.stderr.take() {
        let mut stderr = stderr.take(COMPLAINT_BYTES_MAX);
        stderr.read_to_string(&mut complaint).map_err(spawn)?;
    }
    Ok(match complaint.trim() {
        "" => format!("it ended without a word ({status})"),
        complaint => complaint.to_owned(),
    })
}

/// Waits for an agent that somebody else starts, a while.
async fn await_other(client: &Client) {
    let deadline = tokio::time::Instant::now() + OTHER_TIME;
    while let Err(client::Error::Unreachable { .. }) = client.info().await
        && tokio::time::Instant::now() < deadline
    {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn silent(home: &Path, source: client::Error) -> Error {
    let home = home.to_owned();
    Error::Silent { home, source }
}
