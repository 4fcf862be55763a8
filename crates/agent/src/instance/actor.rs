//! The one who changes an instance.

use std::future::pending;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use host::shim::{self, Directory};
use tokio::sync::{mpsc, oneshot, watch};

use super::backoff::Backoff;
use super::end::{Run, What};
use super::rise::{self, Rise, Risen};
use super::{Command, Kept, Life, Notice, Place, Scene, Site};
use crate::api::v1::{InstanceSpec, InstanceState};
use crate::health::Checker;
use crate::refusal::{Refusal, blocking};

/// Pause before another attempt to put a shim beside a program that lost its own.
const SHIM_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Actor {
    pub(super) id: String,
    pub(super) path: PathBuf,
    pub(super) dir: Directory,
    pub(super) site: Arc<Site>,
    pub(super) notices: mpsc::UnboundedSender<Notice>,
    pub(super) life: watch::Sender<Life>,
    pub(super) spec: Option<Arc<InstanceSpec>>,
    pub(super) kept: Kept,
    pub(super) phase: Phase,
    pub(super) backoff: Backoff,
    pub(super) place: Arc<Place>,
    pub(super) checker: Arc<Checker>,
    /// The way up of the run, while it is under way.
    pub(super) rise: Option<Rise>,
}

/// What the actor waits for.
pub(super) enum Phase {
    /// To be told something.
    Idle,
    /// For the end of a run.
    Running(Run, Instant),
    /// For the pause after a crash.
    Waiting(tokio::time::Instant),
}

enum Event {
    Told(Option<Command>),
    Ended(What),
    Risen(Risen),
    PauseOver,
    WarmOver,
}

impl Actor {
    /// Lives until the instance is removed.
    pub(super) async fn live(mut self, mut commands: mpsc::Receiver<Command>) {
        self.finish_stop().await;
        loop {
            let event = tokio::select! {
                command = commands.recv() => Event::Told(command),
                event = self.phase.next() => event,
                risen = rise::over(&mut self.rise) => Event::Risen(risen),
                () = warm_over(self.kept.warm_until_ms) => Event::WarmOver,
            };
            match event {
                Event::Told(None) => return,
                Event::Told(Some(Command::Remove(answer))) => {
                    let removed = self.remove().await;
                    let over = removed.is_ok();
                    answered(answer, removed);
                    if over {
                        return;
                    }
                }
                Event::Told(Some(command)) => self.obey(command).await,
                Event::Ended(What::Program) => self.crashed().await,
                Event::Ended(What::Shim) => self.rejoin().await,
                Event::Risen(risen) => self.risen(risen).await,
                Event::PauseOver => self.start_again().await,
                Event::WarmOver => self.warm_over().await,
            }
        }
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Start(spec, answer) => {
                let done = self.start(*spec).await;
                self.answer_once_up(answer, done);
            }
            Command::Stop(timeout_ms, answer) => {
                let done = self.stop(timeout_ms).await;
                answered(answer, done);
            }
            Command::Restart(answer) => {
                let done = self.restart().await;
                self.answer_once_up(answer, done);
            }
            Command::Warm(until_ms, answer) => {
                self.kept.warm_until_ms = until_ms;
                let done = self.keep();
                self.publish();
                answered(answer, done);
            }
            Command::Remove(_) => {}
        }
    }

    /// The instance at this moment.
    pub(super) fn scene(&self) -> Option<Scene> {
        Some(Scene {
            place: self.place.clone(),
            spec: self.spec.clone()?,
            kept: self.kept.clone(),
        })
    }

    pub(super) fn attach(&mut self, run: Run) {
        tracing::info!(instance = self.id, pid = run.process.pid, "runs");
        self.phase = Phase::Running(run, sys::clock::monotonic());
        self.begin_rise();
        self.publish();
    }

    /// The program ended and was not meant to.
    async fn crashed(&mut self) {
        let Phase::Running(run, began) = std::mem::replace(&mut self.phase, Phase::Idle) else {
            return;
        };
        // It was started, and what became of it since is seen by whoever asks.
        self.end_rise(Ok(()));
        // Told before the record is there: the proxy must know at once.
        let pause = self.backoff.crashed_after(sys::clock::since(began));
        self.phase = Phase::Waiting(tokio::time::Instant::now() + pause);
        self.publish();
        let exit = run.exit(&self.dir).await;
        tracing::warn!(instance = self.id, exit, ?pause, "crashed");
        self.kept.last_exit = Some(exit);
        self.kept.restarts = self.kept.restarts.saturating_add(1);
        self.publish();
        self.keep_or_warn();
    }

    /// Puts a new shim beside a program whose shim was killed.
    async fn rejoin(&mut self) {
        tracing::warn!(instance = self.id, "its shim is gone: a new one adopts it");
        match shim::start(&self.site.binary, &self.dir).await {
            Ok(record) => match (Run::of(record), &mut self.phase) {
                (Ok(run), Phase::Running(old, _)) => *old = run,
                (Err(refusal), _) => tracing::warn!(instance = self.id, %refusal, "not adopted"),
                _ => {}
            },
            Err(error) => {
                tracing::warn!(instance = self.id, %error, "no new shim");
                tokio::time::sleep(SHIM_PAUSE).await;
            }
        }
    }

    async fn warm_over(&mut self) {
        let (may_stop, answer) = oneshot::channel();
        let id = self.id.clone();
        let asked = self.notices.send(Notice::WarmOver { id, may_stop });
        if asked.is_ok() && answer.await == Ok(true) {
            tracing::info!(instance = self.id, "kept warm long enough");
            if let Err(refusal) = self.stop(None).await {
                tracing::warn!(instance = self.id, %refusal, "cannot be stopped");
                self.kept.warm_until_ms = Some(sys::clock::now_ms() + 10_000);
            }
            return;
        }
        self.kept.warm_until_ms = None;
        self.publish();
        self.keep_or_warn();
    }

    async fn remove(&mut self) -> Result<(), Refusal> {
        if !matches!(self.phase, Phase::Idle) {
            return Err(Refusal::conflict(
                "instance_runs",
                format!("{} runs: stop it first", self.id),
            ));
        }
        let path = self.path.clone();
        blocking(move || Ok(host::root::remove(&path)?)).await?;
        self.site.ports.forget(&self.id);
        Ok(())
    }

    pub(super) fn keep(&self) -> Result<(), Refusal> {
        Ok(self.kept.write(&self.path)?)
    }

    pub(super) fn keep_or_warn(&self) {
        if let Err(refusal) = self.keep() {
            tracing::error!(instance = self.id, %refusal, "state.json cannot be written");
        }
    }

    pub(super) fn publish(&self) {
        self.tell(match self.phase {
            Phase::Idle => InstanceState::Stopped,
            Phase::Running(..) => InstanceState::Running,
            Phase::Waiting(_) => InstanceState::BackingOff,
        });
    }

    pub(super) fn tell(&self, state: InstanceState) {
        let process = match &self.phase {
            Phase::Running(run, _) => Some(run.process.clone()),
            _ => None,
        };
        self.life.send_replace(Life {
            place: self.place.clone(),
            spec: self.spec.clone(),
            kept: self.kept.clone(),
            state,
            process,
        });
    }
}

impl Phase {
    async fn next(&self) -> Event {
        match self {
            Self::Idle => pending().await,
            Self::Running(run, _) => Event::Ended(run.ended().await),
            Self::Waiting(until) => {
                tokio::time::sleep_until(*until).await;
                Event::PauseOver
            }
        }
    }
}

async fn warm_over(until_ms: Option<u64>) {
    let Some(until_ms) = until_ms else {
        return pending().await;
    };
    let left = until_ms.saturating_sub(sys::clock::now_ms());
    tokio::time::sleep(Duration::from_millis(left)).await;
}

pub(super) fn never_started(id: &str) -> Refusal {
    Refusal::unknown("unknown_instance", format!("no instance {id}"))
}

pub(super) fn answered(answer: super::Answer, done: Result<(), Refusal>) {
    if answer.send(done).is_err() {
        tracing::debug!("the one who asked has gone");
    }
}
