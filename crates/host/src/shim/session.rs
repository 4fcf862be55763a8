//! A shim's life.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};
use sys::file::FileError;
use sys::process::ProcessId;
use tokio::net::unix::pipe;
use tokio::signal::unix::{SignalKind, signal};

use super::directory::Directory;
use super::wire::{Exit, Launch, Record};
use super::{leftovers, output, program};
use crate::log::Writer;
use crate::process::Ended;

/// What a shim prints once its program runs.
pub(super) const STARTED: &str = "started";
/// What begins the line that a shim prints if it gives up.
pub(super) const FAILED: &str = "error: ";

/// Time for a program's own children to end after it.
const LEFTOVERS_TIME: Duration = Duration::from_millis(500);
const CHUNK_BYTES: usize = 64 * 1024;

/// Why a shim gave up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another shim is at work.
    #[error("{} is held by another shim: its program runs already", .0.display())]
    Taken(PathBuf),
    /// Nothing to run.
    #[error("{} holds no launch.json: nothing to run", .0.display())]
    NoLaunch(PathBuf),
    /// A file, or the start of the program, failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The system refused something else.
    #[error("the shim cannot {operation}: {source}")]
    System {
        /// What was attempted.
        operation: &'static str,
        /// The system's own error.
        source: io::Error,
    },
}

/// Runs what `launch.json` in `dir` says until it has ended; or, where a killed shim left the program of
/// that directory running, stays with that one instead. The blocking entry of `cutover shim DIR`.
///
/// # Errors
/// Where nothing could be started. The reason was printed, too, for the agent that waits.
pub fn run(dir: &Path) -> Result<(), Error> {
    let result = enter(dir);
    if let Err(error) = &result {
        say(&format!("{FAILED}{error}"));
    }
    result
}

fn enter(dir: &Path) -> Result<(), Error> {
    // Fails only for one who leads a group already; then a session of its own is there, or not missed.
    let _session = rustix::process::setsid();
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .map_err(|e| system("become a subreaper", e.into()))?;
    let dir = Directory::new(dir);
    let Some(_lock) = dir.try_lock()? else {
        return Err(Error::Taken(dir.path().to_owned()));
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| system("start its loop", e))?
        .block_on(live(&dir))
}

async fn live(dir: &Directory) -> Result<(), Error> {
    let mut signals = Signals::new().map_err(|e| system("handle signals", e))?;
    let launch = dir
        .launch()?
        .ok_or_else(|| Error::NoLaunch(dir.path().to_owned()))?;
    output::make(&dir.output())?;
    let receiver = output::reader(&dir.output())?;
    let mut log = Writer::open(&dir.logs(), launch.log)?;
    let watched = begin(dir, &launch)?;
    say(STARTED);
    let status = watch(&watched, &receiver, &mut log, &mut signals).await?;
    sweep(&receiver, &mut log, &mut signals).await;
    let exit = Exit {
        run: watched.run,
        code: status.and_then(WaitStatus::exit_status),
        signal: status.and_then(WaitStatus::terminating_signal),
        at_ms: sys::clock::now_ms(),
    };
    Ok(dir.write_exit(&exit)?)
}

/// The program under watch.
struct Watched {
    run: u64,
    process: ProcessId,
    /// Whether it is a child of this very shim, which alone learns how it ended.
    kin: Kin,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kin {
    Child,
    Adopted,
}

fn begin(dir: &Directory, launch: &Launch) -> Result<Watched, Error> {
    let shim = ProcessId::current().ok_or_else(|| {
        system(
            "read its own identity in /proc",
            io::Error::from(io::ErrorKind::NotFound),
        )
    })?;
    if let Some(before) = dir.record()?
        && let Some(process) = dir.left_running()
    {
        dir.write_record(&Record {
            shim,
            process: Some(process.clone()),
            ..before
        })?;
        return Ok(Watched {
            run: before.run,
            process,
            kin: Kin::Adopted,
        });
    }
    let record = Record {
        run: launch.run,
        shim,
        process: None,
        started_ms: sys::clock::now_ms(),
    };
    dir.write_record(&record)?;
    let process = program::spawn(dir, launch).inspect_err(|_| {
        // Nothing runs: say so, lest the next one looks for it.
        let exit = Exit {
            run: launch.run,
            code: Some(127),
            signal: None,
            at_ms: sys::clock::now_ms(),
        };
        if dir.write_exit(&exit).is_err() {
            tracing::debug!("no exit record could be written");
        }
    })?;
    dir.write_record(&Record {
        process: Some(process.clone()),
        ..record
    })?;
    Ok(Watched {
        run: launch.run,
        process,
        kin: Kin::Child,
    })
}

/// Reads on until the program has ended; returns how, where that can be known.
async fn watch(
    watched: &Watched,
    receiver: &pipe::Receiver,
    log: &mut Writer,
    signals: &mut Signals,
) -> Result<Option<WaitStatus>, Error> {
    let ended = Ended::of(&watched.process).map_err(|e| system("watch its program", e))?;
    let mut buffer = vec![0; CHUNK_BYTES];
    if let Some(status) = reap(watched) {
        return Ok(Some(status));
    }
    loop {
        tokio::select! {
            ready = receiver.readable() => {
                ready.map_err(|e| system("read its program's output", e))?;
                pump(receiver, log, &mut buffer)?;
            }
            _ = signals.child.recv() => {
                if let Some(status) = reap(watched) {
                    return Ok(Some(status));
                }
            }
            () = ended.wait(), if watched.kin == Kin::Adopted => return Ok(None),
            _ = signals.terminate.recv() => {
                watched.process.signal(Signal::TERM);
            }
        }
    }
}

/// Sees off what the program left behind, and reads the last of its output.
async fn sweep(receiver: &pipe::Receiver, log: &mut Writer, signals: &mut Signals) {
    let mut buffer = vec![0; CHUNK_BYTES];
    let wait = async {
        while !leftovers::list().is_empty() {
            signals.child.recv().await;
            reap_all();
        }
    };
    if tokio::time::timeout(LEFTOVERS_TIME, wait).await.is_err() {
        let killed = leftovers::kill();
        log.note(&format!(
            "{killed} processes that outlived their program were killed"
        ));
    }
    reap_all();
    // The FIFO says that it is readable only after it was asked once.
    let read = tokio::time::timeout(Duration::from_millis(50), receiver.readable()).await;
    if matches!(read, Ok(Ok(()))) && pump(receiver, log, &mut buffer).is_err() {
        log.note("the last of the output could not be read");
    }
}

/// Writes what waits in the FIFO to the log; a full disk loses output, and never stops the program.
fn pump(receiver: &pipe::Receiver, log: &mut Writer, buffer: &mut [u8]) -> Result<(), Error> {
    while let Some(read) =
        output::try_read(receiver, buffer).map_err(|e| system("read its program's output", e))?
    {
        log.write(&buffer[..read]);
    }
    Ok(())
}

/// Reaps every child that ended; returns how the watched one did, if it is among them.
fn reap(watched: &Watched) -> Option<WaitStatus> {
    let mut seen = None;
    while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
        if watched.kin == Kin::Child && Pid::from_raw(watched.process.pid) == Some(pid) {
            seen = Some(status);
        }
    }
    seen
}

fn reap_all() {
    while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
}

/// The signals that a shim takes note of: it ends with its program only.
struct Signals {
    child: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// Taken, and let fall: their default would end the shim.
    _ignored: [tokio::signal::unix::Signal; 3],
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            child: signal(SignalKind::child())?,
            terminate: signal(SignalKind::terminate())?,
            _ignored: [
                signal(SignalKind::hangup())?,
                signal(SignalKind::interrupt())?,
                signal(SignalKind::quit())?,
            ],
        })
    }
}

/// Tells the agent that waits; one that is gone does not matter.
fn say(line: &str) {
    let mut out = io::stdout();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        tracing::debug!("nobody reads what the shim says");
    }
}

fn system(operation: &'static str, source: io::Error) -> Error {
    Error::System { operation, source }
}
