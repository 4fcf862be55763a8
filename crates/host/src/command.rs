//! A command of the user, run to its end and watched: a hook, a health check.
//!
//! Its standard input is a file of its own, locked as long as it runs, and empty. So no two run at once,
//! also where the agent that started the first was killed: the lock lives on in what is left, which is found
//! by that file and ended before the next one starts.

mod hold;
mod tail;

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use sys::file::FileError;
use sys::process::ProcessId;
use tokio::net::unix::pipe;
use tokio::process::Child;

use hold::Hold;
use tail::Tail;

/// Bytes of the output that are kept: its end.
const OUTPUT_BYTES_MAX: usize = 64 * 1024;
/// Time for a killed program to be gone.
const KILL_TIME: Duration = Duration::from_secs(5);

/// What to run.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    /// The program and its arguments; no shell is between. A program with a `/` that is not absolute is
    /// below the working directory; one without is looked for in the `PATH` of `env`.
    pub words: &'a [String],
    /// The working directory.
    pub cwd: &'a Path,
    /// The whole environment.
    pub env: &'a BTreeMap<String, String>,
    /// The file that only one program has at a time; made if it is not there.
    pub hold: &'a Path,
    /// Time for it to end.
    pub time: Duration,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The exit code, 128 + n for signal n; nothing where it did not end in time and was killed.
    pub exit: Option<i32>,
    /// How long it took.
    pub took: Duration,
    /// The end of what it printed, on both outputs.
    pub output: Vec<u8>,
}

/// Why a command was not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no program in it.
    #[error("a command has no words")]
    Empty,
    /// The program could not be started.
    #[error("cannot run {}: {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// The system's own error.
        source: io::Error,
    },
    /// The one before it is still there, and cannot be ended.
    #[error("an earlier one still runs, and cannot be ended")]
    Busy,
    /// It was started, and its end cannot be seen.
    #[error("its end cannot be seen: {0}")]
    Lost(io::Error),
    /// A file failed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Runs a command to its end. At its time limit, or where the one who waits goes away, it is killed with
/// all below it. What it leaves behind when it ends in time goes on.
///
/// # Errors
/// Where it was not started.
pub async fn run(command: Command<'_>) -> Result<Ran, Error> {
    let hold = Hold::take(command.hold).await?;
    let began = sys::clock::monotonic();
    let (mut child, output) = spawn(command, &hold)?;
    let living = Living(identity(&child));
    let mut tail = Tail::new(OUTPUT_BYTES_MAX);
    let ended = tokio::time::timeout(command.time, watch(&mut child, &output, &mut tail)).await;
    let exit = match ended {
        Ok(status) => {
            // It is gone: what has its pid now is something else.
            living.gone();
            status.map_err(Error::Lost)?
        }
        Err(_) => {
            drop(living);
            if tokio::time::timeout(KILL_TIME, child.wait()).await.is_err() {
                tracing::error!(words = ?command.words, "a killed command is still there");
            }
            None
        }
    };
    tail.drain(&output);
    Ok(Ran {
        exit,
        took: sys::clock::since(began),
        output: tail.bytes(),
    })
}

fn spawn(command: Command<'_>, hold: &Hold) -> Result<(Child, pipe::Receiver), Error> {
    let [word, args @ ..] = command.words else {
        return Err(Error::Empty);
    };
    let program = program(word, command.cwd);
    let start = |source| Error::Start {
        program: program.clone(),
        source,
    };
    let (output, writer) = io::pipe().map_err(start)?;
    let mut started = sys::process::command(&program);
    started
        .args(args)
        .current_dir(command.cwd)
        .env_clear()
        .envs(command.env)
        .stdin(hold.input().map_err(start)?)
        .stdout(writer.try_clone().map_err(start)?)
        .stderr(Stdio::from(writer))
        .process_group(0);
    let mut started = tokio::process::Command::from(started);
    let child = started.spawn().map_err(start)?;
    // Our own ends of the pipe are in it: without them the end of the output is seen.
    drop(started);
    let output = pipe::Receiver::from_owned_fd(OwnedFd::from(output)).map_err(start)?;
    Ok((child, output))
}

/// The program that a first word names: one with a `/` that is not absolute is below `cwd`.
pub fn program(word: &str, cwd: &Path) -> PathBuf {
    if word.contains('/') {
        cwd.join(word)
    } else {
        PathBuf::from(word)
    }
}

/// Reads on until the program has ended; returns its exit code.
async fn watch(
    child: &mut Child,
    output: &pipe::Receiver,
    tail: &mut Tail,
) -> io::Result<Option<i32>> {
    loop {
        tokio::select! {
            status = child.wait() => return status.map(code),
            more = tail.read(output) => if !more {
                // Both outputs are closed: only its end is left to come.
                return child.wait().await.map(code);
            },
        }
    }
}

fn code(status: ExitStatus) -> Option<i32> {
    status.code().or_else(|| status.signal().map(|n| 128 + n))
}

fn identity(child: &Child) -> Option<ProcessId> {
    ProcessId::of(i32::try_from(child.id()?).ok()?)
}

/// A program that is killed, with all below it, unless it is known to be gone.
struct Living(Option<ProcessId>);

impl Living {
    fn gone(mut self) {
        self.0 = None;
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        let Some(leader) = &self.0 else {
            return;
        };
        let below = crate::process::descendants(leader.pid);
        leader.signal_group(Signal::KILL);
        for process in below {
            process.signal(Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests;
