//! Keeping the proxy alive: found running, or started, and started again when it ends.
//!
//! It is a process of its own that outlives the agent. Which one serves is asked of itself, through its
//! control socket; its end is an event of that very process.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use host::process::Ended;
use proxy::control::client::Client;
use sys::process::ProcessId;
use tokio::sync::watch;

/// Time for a started proxy to answer.
const START_TIME: Duration = Duration::from_secs(15);
/// Between two looks at a socket that is not open yet; nothing tells when it is.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_LONGEST: Duration = Duration::from_secs(5);

/// Counts the lives of the proxy that were seen; 0 while none answers.
pub(crate) type Lives = watch::Receiver<u64>;

/// The proxy that was started last, which may not answer yet.
pub(crate) type Started = Arc<Mutex<Option<ProcessId>>>;

/// The keeper's task.
pub(crate) struct Keeper {
    pub(crate) binary: PathBuf,
    pub(crate) home: PathBuf,
    pub(crate) client: Client,
    pub(crate) lives: watch::Sender<u64>,
    pub(crate) started: Started,
}

impl Keeper {
    /// Keeps a proxy running until the agent ends.
    pub(crate) async fn keep(self) {
        let mut pause = PAUSE_FIRST;
        let mut life = 0;
        loop {
            let serving = match self.serving().await {
                Some(process) => Some(process),
                None => self.start().await,
            };
            let Some(process) = serving else {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_LONGEST);
                continue;
            };
            pause = PAUSE_FIRST;
            life += 1;
            tracing::info!(pid = process.pid, "the proxy serves");
            self.lives.send_replace(life);
            match Ended::of(&process) {
                Ok(ended) => ended.wait().await,
                Err(error) => tracing::error!(%error, "the proxy's end cannot be watched"),
            }
            tracing::warn!(pid = process.pid, "the proxy ended");
            self.lives.send_replace(0);
        }
    }

    /// Who answers on the control socket.
    async fn serving(&self) -> Option<ProcessId> {
        let status = self.client.status().await.ok()?;
        ProcessId::of(i32::try_from(status.pid).ok()?)
    }

    /// Starts a proxy and waits until it answers.
    async fn start(&self) -> Option<ProcessId> {
        let mut child = match self.spawn() {
            Ok(child) => child,
            Err(error) => {
                tracing::error!(%error, "the proxy cannot be started");
                return None;
            }
        };
        let process = child.id().and_then(|pid| i32::try_from(pid).ok());
        *self.started.lock().unwrap_or_else(PoisonError::into_inner) =
            process.and_then(ProcessId::of);
        let answers = async {
            loop {
                if let Some(process) = self.serving().await {
                    return process;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        let found = tokio::select! {
            process = answers => Some(process),
            status = child.wait() => {
                tracing::error!(?status, log = %self.log().display(), "the proxy gave up; see its log");
                None
            }
            () = tokio::time::sleep(START_TIME) => {
                tracing::error!("a started proxy does not answer");
                None
            }
        };
        // Reaped whenever it ends; it is not killed with the agent.
        tokio::spawn(async move {
            if let Err(error) = child.wait().await {
                tracing::warn!(%error, "the proxy could not be reaped");
            }
        });
        found
    }

    fn spawn(&self) -> io::Result<tokio::process::Child> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(self.log())?;
        let mut command = sys::process::command(&self.binary);
        command
            .arg("proxy")
            .arg("--home")
            .arg(&self.home)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        tokio::process::Command::from(command).spawn()
    }

    fn log(&self) -> PathBuf {
        self.home.join("proxy.log")
    }
}
