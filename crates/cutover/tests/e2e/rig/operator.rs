//! Somebody at a shell: a directory, a home, and the binary.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

use serde_json::Value;

/// The binary under test.
pub(crate) const CUTOVER: &str = env!("CARGO_BIN_EXE_cutover");

/// Somebody who types commands in the directory of a project.
pub(crate) struct Operator {
    project: PathBuf,
    home: PathBuf,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    /// The last line of stdout, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let line = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|e| panic!("no JSON at the end ({e}): {self:#?}"))
    }

    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self
    }
}

impl Operator {
    pub(crate) fn new(project: PathBuf, home: PathBuf) -> Self {
        Self { project, home }
    }

    pub(crate) fn project(&self) -> &Path {
        &self.project
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// The same person in another terminal, with another home.
    pub(crate) fn with_home(&self, home: PathBuf) -> Self {
        Self::new(self.project.clone(), home)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(CUTOVER);
        command
            .args(args)
            .current_dir(&self.project)
            .env_remove("CUTOVER_CONFIG")
            .env("CUTOVER_HOME", &self.home)
            .env("CUTOVER_ENV", "test")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        let output = self.command(args).output().unwrap();
        Said {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command that must end well.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> Said {
        self.run(args).expect_code(0)
    }

    /// Starts a command whose progress is read as lines of JSON from stderr.
    pub(crate) fn spawn(&self, args: &[&str]) -> Running {
        let mut child = self
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let stdout = std::thread::spawn(move || {
            let mut text = String::new();
            drop(stdout.read_to_string(&mut text));
            text
        });
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (said, lines) = mpsc::channel();
        // Read all along, for whoever writes would wait for a reader.
        std::thread::spawn(move || {
            stderr
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| said.send(line))
        });
        Running {
            child,
            stdout: Some(stdout),
            lines,
            seen: String::new(),
        }
    }

    pub(crate) fn status(&self) -> Value {
        self.ok(&["status", "--json"]).json()
    }

    /// The phases of the rollouts, newest first.
    pub(crate) fn phases(&self) -> Vec<String> {
        let history = self.ok(&["history", "--json"]).json();
        let rollouts = history.as_array().unwrap().iter();
        rollouts
            .map(|rollout| rollout["phase"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// A command under way.
pub(crate) struct Running {
    pub(crate) child: Child,
    stdout: Option<JoinHandle<String>>,
    lines: mpsc::Receiver<String>,
    seen: String,
}

impl Running {
    /// Reads progress until `wanted` holds for an event; fails if the command ends first.
    #[track_caller]
    pub(crate) fn until(&mut self, wanted: impl Fn(&Value) -> bool) {
        loop {
            let Ok(line) = self.lines.recv() else {
                panic!("it ended without the event; it said: {}", self.seen);
            };
            self.seen.push_str(&line);
            self.seen.push('\n');
            if serde_json::from_str(&line).is_ok_and(|event: Value| wanted(&event)) {
                return;
            }
        }
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its own end.
    pub(crate) fn end(mut self) -> Said {
        let status = self.child.wait().unwrap();
        let mut stderr = std::mem::take(&mut self.seen);
        self.lines.iter().for_each(|line| {
            stderr.push_str(&line);
            stderr.push('\n');
        });
        let stdout = self.stdout.take().map(|reader| reader.join().unwrap());
        Said {
            status,
            stdout: stdout.unwrap_or_default(),
            stderr,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing is left behind by a test that failed half-way.
        if let Ok(None) = self.child.try_wait() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// The event that a step began.
pub(crate) fn started(step: &str) -> impl Fn(&Value) -> bool + '_ {
    move |event| event["progress"] == "step_started" && event["step"] == step
}
