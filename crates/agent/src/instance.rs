//! An instance: one running copy of a release, kept running.
//!
//! ```text
//!   PUT ──▶ actor ── prepare ──▶ shim::start ──▶ Running ──process ends──▶ BackingOff ──pause──▶ start
//!             │                                    │
//!             └── stop: intent on disk ── proxy told ── SIGTERM ── (time over: SIGKILL) ──▶ Stopped
//! ```
//!
//! An actor alone changes an instance, one command after the other; everyone else reads what it tells
//! through a watch. What must outlast the agent (`spec.json`, `state.json`) is on disk before the deed.

mod actor;
mod backoff;
mod end;
mod hooks;
mod kept;
mod ports;
mod prepare;
mod registry;
mod resume;
mod rise;
mod scene;
mod site;
mod start;
mod stop;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use sys::process::ProcessId;
use tokio::sync::{mpsc, oneshot, watch};

use crate::api::v1::{InstanceSpec, InstanceState, InstanceStatus, Launch, ProbeResult};
use crate::health::{Checker, Looker};
use crate::refusal::Refusal;
pub(crate) use end::{Run, What};
pub(crate) use kept::{Desired, Kept};
pub(crate) use prepare::check_words;
pub(crate) use registry::Instances;
pub(crate) use resume::find;
pub(crate) use scene::{Place, Scene, variables};
pub(crate) use site::Site;

/// What an actor tells of its instance.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    /// Where it is.
    pub(crate) place: Arc<Place>,
    /// What it was last told to run.
    pub(crate) spec: Option<Arc<InstanceSpec>>,
    /// What is on disk of it.
    pub(crate) kept: Kept,
    /// Where it is in its life.
    pub(crate) state: InstanceState,
    /// The VM, while it runs.
    pub(crate) process: Option<ProcessId>,
}

impl Life {
    /// The instance at this moment, if it was ever told what to run.
    pub(crate) fn scene(&self) -> Option<Scene> {
        Some(Scene {
            place: self.place.clone(),
            spec: self.spec.clone()?,
            kept: self.kept.clone(),
        })
    }

    /// Where its HTTP port is reached.
    pub(crate) fn address(&self) -> SocketAddr {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        self.scene().map_or(nowhere, |scene| scene.address())
    }
}

/// What instances tell the keeper of the routes.
#[derive(Debug)]
pub(crate) enum Notice {
    /// Whether it may take requests has changed; `told` is answered once the proxy knows.
    Changed {
        id: String,
        told: Option<oneshot::Sender<()>>,
    },
    /// Its time to be kept warm is over: may it stop?
    WarmOver {
        id: String,
        may_stop: oneshot::Sender<bool>,
    },
}

type Answer = oneshot::Sender<Result<(), Refusal>>;

/// What an actor can be told.
#[derive(Debug)]
enum Command {
    Start(Box<InstanceSpec>, Answer),
    Stop(Option<u64>, Answer),
    Restart(Answer),
    /// Until when, in milliseconds since the epoch; or no longer.
    Warm(Option<u64>, Answer),
    Remove(Answer),
}

/// The handle of an instance.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) id: String,
    place: Arc<Place>,
    commands: mpsc::Sender<Command>,
    life: watch::Receiver<Life>,
    verdict: watch::Receiver<Option<bool>>,
    checker: Arc<Checker>,
    looker: Arc<Looker>,
}

impl Instance {
    pub(crate) fn life(&self) -> Life {
        self.life.borrow().clone()
    }

    /// Whether new requests may go to it; nothing is known of one just adopted, until its first check.
    pub(crate) fn health(&self) -> Option<bool> {
        if self.life.borrow().state == InstanceState::Running {
            *self.verdict.borrow()
        } else {
            Some(false)
        }
    }

    /// Whether it was ever told what to run.
    pub(crate) fn is_known(&self) -> bool {
        self.life.borrow().spec.is_some()
    }

    pub(crate) async fn start(&self, spec: InstanceSpec) -> Result<InstanceStatus, Refusal> {
        self.tell(|answer| Command::Start(Box::new(spec), answer))
            .await
    }

    pub(crate) async fn stop(&self, timeout_ms: Option<u64>) -> Result<InstanceStatus, Refusal> {
        self.tell(|answer| Command::Stop(timeout_ms, answer)).await
    }

    pub(crate) async fn restart(&self) -> Result<InstanceStatus, Refusal> {
        self.tell(Command::Restart).await
    }

    /// Keeps it warm until a time, in milliseconds since the epoch, or no longer than any other.
    pub(crate) async fn warm(&self, until_ms: Option<u64>) -> Result<InstanceStatus, Refusal> {
        self.tell(|answer| Command::Warm(until_ms, answer)).await
    }

    async fn remove(&self) -> Result<(), Refusal> {
        self.ask(Command::Remove).await
    }

    async fn tell(
        &self,
        command: impl FnOnce(Answer) -> Command,
    ) -> Result<InstanceStatus, Refusal> {
        self.ask(command).await?;
        Ok(self.status())
    }

    async fn ask(&self, command: impl FnOnce(Answer) -> Command) -> Result<(), Refusal> {
        let (answer, answered) = oneshot::channel();
        let gone = || Refusal::unknown("unknown_instance", format!("{} was removed", self.id));
        self.commands
            .send(command(answer))
            .await
            .map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    pub(crate) fn status(&self) -> InstanceStatus {
        let life = self.life();
        let kept = &life.kept;
        InstanceStatus {
            id: self.id.clone(),
            service: life
                .spec
                .as_ref()
                .map_or(String::new(), |s| s.service.clone()),
            artifact: life
                .spec
                .as_ref()
                .map_or(String::new(), |s| s.artifact.clone()),
            vsn: kept.vsn.clone(),
            slot: life.spec.as_ref().map_or(0, |s| s.slot),
            node: self.place.site.node(kept),
            state: life.state,
            pid: life.process.as_ref().map(|process| process.pid),
            address: life.address(),
            ports: kept.ports.clone(),
            started_ms: kept.started_ms,
            restarts: kept.restarts,
            last_exit: kept.last_exit.clone(),
            warm_until_ms: kept.warm_until_ms,
            healthy: *self.verdict.borrow(),
            hooks: kept.hooks.clone(),
        }
    }

    /// Checks its health once, now, and its node's where that is asked for.
    pub(crate) async fn probe(&self) -> ProbeResult {
        let began = sys::clock::monotonic();
        let (mut healthy, mut detail) = self.look().await;
        let mut beam = None;
        if healthy
            && let Some(scene) = self.life().scene()
            && let Some(asked) = &scene.spec.beam
        {
            let look = self.looker.look(&scene, asked).await;
            if look.passed {
                detail = format!("{detail}; {}", look.detail);
            } else {
                (healthy, detail) = (false, look.detail);
            }
            beam = look.figures;
        }
        // The process may have ended while it was asked.
        let life = self.life();
        ProbeResult {
            healthy: healthy && life.process.is_some(),
            detail,
            took_ms: u64::try_from(sys::clock::since(began).as_millis()).unwrap_or(u64::MAX),
            running: life.process.is_some(),
            restarts: life.kept.restarts,
            beam,
        }
    }

    /// Whether it passes its check now.
    pub(crate) async fn is_healthy(&self) -> bool {
        self.look().await.0
    }

    async fn look(&self) -> (bool, String) {
        let life = self.life();
        let (Some(process), Some(scene)) = (&life.process, life.scene()) else {
            return (false, not_running(&life));
        };
        if let Some(reason) = scene.gate() {
            return (false, reason);
        }
        let seen = self.checker.check(&scene).await;
        let listens = if seen.refused {
            format!("; {}", listens(process))
        } else {
            String::new()
        };
        (seen.passed, format!("{}{listens}", seen.detail))
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.place.dir.join("logs")
    }

    /// How to run its launcher.
    pub(crate) fn launch(&self) -> Result<Launch, Refusal> {
        let scene = self.scene()?;
        let root = scene.root();
        let site = &self.place.site;
        Ok(Launch {
            program: root.join("bin").join(&scene.kept.release),
            env: site.environment(&scene.spec, &scene.kept, &root)?,
            root,
        })
    }

    /// The instance at this moment.
    pub(crate) fn scene(&self) -> Result<Scene, Refusal> {
        self.life().scene().ok_or_else(|| {
            Refusal::unknown("unknown_instance", format!("{} never started", self.id))
        })
    }
}

/// Where the processes of an instance listen, in words.
fn listens(process: &ProcessId) -> String {
    let below = host::process::descendants(process.pid);
    let pids = below.iter().map(|p| p.pid).chain([process.pid]);
    let addresses = host::sockets::listening(pids);
    if addresses.is_empty() {
        return "the instance runs and listens on no port yet".to_owned();
    }
    let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    format!("the instance listens on {}", list.join(", "))
}

fn not_running(life: &Life) -> String {
    let ended = life.kept.last_exit.as_ref();
    let ended = ended.map_or(String::new(), |exit| format!(": it {exit}"));
    match life.state {
        InstanceState::BackingOff => format!("the instance crashed{ended}; it is started again"),
        _ => format!("the instance does not run{ended}"),
    }
}
