//! The end of a run: awaited, or brought about.

use std::time::Duration;

use host::process::Ended;
use host::shim::{Directory, Record};
use rustix::process::Signal;
use sys::process::ProcessId;

use crate::refusal::Refusal;

/// Time for a shim to write down the end of its program.
const RECORD_TIME: Duration = Duration::from_secs(5);
/// Time for a killed process to be gone.
const KILL_TIME: Duration = Duration::from_secs(10);

/// Between two requests to end: a VM that boots has no handler yet, and loses those that come early.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// A run under way.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) process: ProcessId,
    record: Record,
    process_ended: Ended,
    shim_ended: Ended,
}

/// What ended of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Its program; the shim may still have to write it down.
    Program,
    /// Only the shim: the program runs on unwatched.
    Shim,
}

impl Run {
    /// Begins to watch what a shim has started or adopted.
    pub(crate) fn of(record: Record) -> Result<Self, Refusal> {
        let process = record
            .process
            .clone()
            .ok_or_else(|| Refusal::failed("start", "the shim names no process"))?;
        let watched = |process| Ended::of(process).map_err(|e| Refusal::failed("watch", e));
        Ok(Self {
            process_ended: watched(&process)?,
            shim_ended: watched(&record.shim)?,
            process,
            record,
        })
    }

    /// Waits until program or shim has ended.
    pub(crate) async fn ended(&self) -> What {
        tokio::select! {
            biased;
            () = self.process_ended.wait() => What::Program,
            () = self.shim_ended.wait() => {
                if self.process.is_alive() { What::Shim } else { What::Program }
            }
        }
    }

    /// How the run ended, in words, once its program has.
    pub(crate) async fn exit(&self, dir: &Directory) -> String {
        if tokio::time::timeout(RECORD_TIME, self.shim_ended.wait())
            .await
            .is_err()
        {
            tracing::warn!(dir = %dir.path().display(), "the shim does not end");
        }
        words(dir, self.record.run)
    }

    /// Asks the program to end until it has, and kills it and all below it once `time` is over.
    pub(crate) async fn stop(&self, time: Duration) {
        let asked = async {
            loop {
                self.process.signal(Signal::TERM);
                let ended = self.process_ended.wait();
                if tokio::time::timeout(ASK_AGAIN, ended).await.is_ok() {
                    return;
                }
            }
        };
        if tokio::time::timeout(time, asked).await.is_err() {
            tracing::warn!(pid = self.process.pid, "did not stop in time: killed");
            self.kill().await;
        }
    }

    /// Kills the program and all below it.
    pub(crate) async fn kill(&self) {
        let below = host::process::descendants(self.process.pid);
        self.process.signal_group(Signal::KILL);
        self.process.signal(Signal::KILL);
        for process in below {
            process.signal(Signal::KILL);
        }
        if tokio::time::timeout(KILL_TIME, self.process_ended.wait())
            .await
            .is_err()
        {
            tracing::error!(pid = self.process.pid, "a killed process is still there");
        }
    }
}

/// How a run of `dir` ended, in words.
pub(crate) fn words(dir: &Directory, run: u64) -> String {
    match dir.exit_of(run) {
        Ok(Some(exit)) => exit.to_string(),
        Ok(None) => "ended unseen: its shim was killed, or the machine restarted".to_owned(),
        Err(error) => format!("ended, and how cannot be read: {error}"),
    }
}
