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
mod tests {
    use super::*;

    struct Bench {
        dir: tempfile::TempDir,
        env: BTreeMap<String, String>,
    }

    impl Bench {
        fn new() -> Self {
            let path = std::env::var("PATH").unwrap();
            Self {
                dir: tempfile::tempdir().unwrap(),
                env: BTreeMap::from([("PATH".into(), path), ("A".into(), "b c".into())]),
            }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        async fn run(&self, words: &[&str], time: Duration) -> Result<Ran, Error> {
            let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
            run(Command {
                words: &words,
                cwd: self.dir.path(),
                env: &self.env,
                hold: &self.path("hold"),
                time,
            })
            .await
        }

        async fn sh(&self, script: &str) -> Ran {
            self.run(&["sh", "-c", script], LONG).await.unwrap()
        }

        /// Waits until a script has written down the pids of its processes.
        async fn pids(&self, count: usize) -> Vec<ProcessId> {
            loop {
                let text = std::fs::read_to_string(self.path("pids")).unwrap_or_default();
                if text.lines().count() == count && text.ends_with('\n') {
                    let pids = text.lines().map(|pid| pid.parse().unwrap());
                    return pids.filter_map(ProcessId::of).collect();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }

    const LONG: Duration = Duration::from_secs(60);
    /// One in the group, one that left it, and the leader.
    const FAMILY: &str = "sleep 600 & echo $! >> pids; setsid sleep 600 & echo $! >> pids; \
                          echo $$ >> pids; wait";

    async fn all_gone(processes: Vec<ProcessId>) {
        for process in processes {
            let ended = crate::process::Ended::of(&process).unwrap();
            ended.wait().await;
        }
    }

    #[tokio::test]
    async fn a_command_is_told_by_its_exit_and_the_end_of_its_output() {
        let bench = Bench::new();
        let ran = bench
            .sh("echo out; echo err >&2; echo \"$A\"; pwd; cat; exit 3")
            .await;
        let here = bench.dir.path().canonicalize().unwrap();
        assert_eq!(
            String::from_utf8(ran.output).unwrap(),
            format!("out\nerr\nb c\n{}\n", here.display())
        );
        assert_eq!(ran.exit, Some(3));
        assert_eq!(bench.sh("kill -TERM $$").await.exit, Some(128 + 15));
        let ran = bench.sh("seq 1 100000; exec >&- 2>&-; exit 0").await;
        assert_eq!(ran.exit, Some(0));
        assert_eq!(ran.output.len(), OUTPUT_BYTES_MAX);
        assert!(ran.output.ends_with(b"99999\n100000\n"));
    }

    #[tokio::test]
    async fn a_program_is_found_below_the_working_directory_and_named_where_it_is_not() {
        let bench = Bench::new();
        std::fs::create_dir(bench.path("bin")).unwrap();
        let script = b"#!/bin/sh\necho found $1\n";
        let access = sys::file::Access::Executable;
        sys::file::write_atomic(&bench.path("bin/tool"), script, access).unwrap();
        let ran = bench.run(&["bin/tool", "x"], LONG).await.unwrap();
        assert_eq!(ran.output, b"found x\n");
        let error = bench.run(&["no-such-tool"], LONG).await.unwrap_err();
        assert!(error.to_string().contains("no-such-tool"), "{error}");
        assert!(matches!(bench.run(&[], LONG).await, Err(Error::Empty)));
    }

    #[tokio::test]
    async fn one_that_takes_too_long_is_killed_with_all_below_it() {
        let bench = Bench::new();
        let script = format!("echo begun; {FAMILY}");
        let words = ["sh", "-c", &script];
        let (ran, family) = tokio::join!(bench.run(&words, Duration::from_secs(1)), bench.pids(3));
        let ran = ran.unwrap();
        assert_eq!((ran.exit, ran.output.as_slice()), (None, &b"begun\n"[..]));
        all_gone(family).await;
    }

    #[tokio::test]
    async fn one_that_nobody_waits_for_any_more_is_killed_with_all_below_it() {
        let bench = Bench::new();
        let words = ["sh", "-c", FAMILY];
        let family = tokio::select! {
            _ = bench.run(&words, LONG) => panic!("it does not end"),
            family = bench.pids(3) => family,
        };
        assert_eq!(family.len(), 3);
        all_gone(family).await;
    }

    #[tokio::test]
    async fn what_a_killed_agent_left_is_ended_before_the_next_one_starts() {
        let bench = Bench::new();
        let hold = Hold::take(&bench.path("hold")).await.unwrap();
        let mut left = sys::process::command("sleep")
            .arg("600")
            .stdin(hold.input().unwrap())
            .spawn()
            .unwrap();
        hold.forget();
        let ran = bench.sh("echo next").await;
        assert_eq!(ran.output, b"next\n");
        assert_eq!(left.wait().unwrap().signal(), Some(9));
    }

    #[tokio::test]
    async fn what_a_command_leaves_behind_on_purpose_goes_on() {
        let bench = Bench::new();
        let ran = bench.sh("sleep 600 & echo $! >> pids").await;
        assert_eq!(ran.exit, Some(0));
        let left = bench.pids(1).await;
        assert_eq!(bench.sh("true").await.exit, Some(0));
        assert!(left[0].signal(Signal::KILL));
    }
}
