//! What runs beside the engine: effects being pursued, hosts being looked at, leases being renewed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ledger::wire::v1::Lease;
use rollout::{Action, Effect, EffectId, Event, HostId, InstanceId, Reply, Rollout, Stage, Watch};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

use super::Input;
use crate::clock::Clock;
use crate::host::Host;
use crate::interpret::{Means, Undone, perform};
use crate::ledger_door::Ledger;
use crate::{lease, observe};

/// Shortest and longest pause before an effect is tried again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(3));

/// What to look at, with the stage it is for and how much of it is not yet answered: what changes one of
/// them is looked at anew at once.
type Looked = Option<(Watch, Stage, usize)>;

/// Everything that runs beside the engine; it ends with this value.
pub(super) struct Tasks<H> {
    hosts: BTreeMap<HostId, H>,
    lanes: BTreeMap<(HostId, About), Arc<Mutex<()>>>,
    means: Arc<Means>,
    set: JoinSet<()>,
    effects: BTreeMap<EffectId, Arc<AtomicBool>>,
    looks: BTreeMap<HostId, watch::Sender<Looked>>,
    leased: watch::Sender<Vec<HostId>>,
    inputs: UnboundedSender<Input>,
}

impl<H: Host> Tasks<H> {
    pub(super) fn new(
        hosts: &BTreeMap<HostId, H>,
        ledger: &Ledger<H>,
        lease: &Lease,
        means: &Arc<Means>,
        clock: &Clock,
        inputs: UnboundedSender<Input>,
    ) -> Self {
        let mut set = JoinSet::new();
        set.spawn(lease::keep(ledger.clone(), lease.clone(), inputs.clone()));
        let (leased, _) = watch::channel(Vec::new());
        let mut looks = BTreeMap::new();
        for (id, host) in hosts {
            let (sender, receiver) = watch::channel(None);
            set.spawn(look_on(
                host.clone(),
                clock.clone(),
                means.clone(),
                receiver,
                inputs.clone(),
            ));
            set.spawn(renew_on(
                id.clone(),
                host.clone(),
                means.clone(),
                leased.subscribe(),
            ));
            looks.insert(id.clone(), sender);
        }
        Self {
            hosts: hosts.clone(),
            lanes: BTreeMap::new(),
            means: means.clone(),
            set,
            effects: BTreeMap::new(),
            looks,
            leased,
            inputs,
        }
    }

    /// Does what a step of the engine wants.
    pub(super) fn follow(&mut self, state: &Rollout, effects: &[Effect]) {
        while self.set.try_join_next().is_some() {}
        self.effects.retain(|id, wanted| {
            let awaited = state.awaits(*id);
            if !awaited {
                wanted.store(false, Ordering::Relaxed);
            }
            awaited
        });
        for effect in effects {
            if let Effect::Do { id, host, action } = effect
                && let Some(client) = self.hosts.get(host)
            {
                let wanted = Arc::new(AtomicBool::new(true));
                self.effects.insert(*id, wanted.clone());
                let lane = self
                    .lanes
                    .entry((host.clone(), about(action)))
                    .or_default()
                    .clone();
                let pursuit = Pursuit {
                    host: client.clone(),
                    lane,
                    wanted,
                    means: self.means.clone(),
                    id: *id,
                    action: action.clone(),
                    inputs: self.inputs.clone(),
                };
                self.set.spawn(pursuit.run());
            }
        }
        let watches = state.watches();
        for (host, sender) in &self.looks {
            let watch = watches.iter().find(|watch| watch.host == *host).cloned();
            let looked = watch.map(|watch| (watch, state.stage(), state.awaited()));
            sender.send_if_modified(|old| {
                let changed = *old != looked;
                *old = looked;
                changed
            });
        }
        let leases = state.leases();
        self.leased.send_if_modified(|old| {
            let changed = *old != leases;
            *old = leases;
            changed
        });
    }
}

/// What calls must keep their order about: one that was given up may still reach the host, so the next one
/// about the same thing waits until the earlier one has been answered or is past its time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Route,
    Command,
    Instance(InstanceId),
}

fn about(action: &Action) -> About {
    match action {
        Action::Route { .. } | Action::Prepare | Action::Commit | Action::Drain { .. } => {
            About::Route
        }
        Action::Run { .. } | Action::AwaitRun { .. } => About::Command,
        Action::Clear { instance }
        | Action::Start { instance, .. }
        | Action::KeepWarm { instance, .. }
        | Action::Stop { instance } => About::Instance(instance.clone()),
    }
}

/// An effect on its way to a definite reply.
struct Pursuit<H> {
    host: H,
    lane: Arc<Mutex<()>>,
    wanted: Arc<AtomicBool>,
    means: Arc<Means>,
    id: EffectId,
    action: Action,
    inputs: UnboundedSender<Input>,
}

impl<H: Host> Pursuit<H> {
    /// Has the effect performed until it has a definite reply, or is no longer wanted.
    async fn run(self) {
        let id = self.id;
        let mut pause = PAUSE.0;
        loop {
            let tried = {
                let _alone = self.lane.lock().await;
                if !self.wanted.load(Ordering::Relaxed) {
                    return;
                }
                perform(&self.host, &self.means, &self.action).await
            };
            let (input, last) = match tried {
                Ok(reply) => (Input::Event(Event::Reply { id, reply }), true),
                Err(Undone::Again(detail)) => {
                    let reply = Reply::Unknown { detail };
                    (Input::Event(Event::Reply { id, reply }), false)
                }
                Err(Undone::Stale(detail)) => (Input::Fenced(detail), true),
            };
            if self.inputs.send(input).is_err() || last {
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
    }
}

/// Looks at a host again and again, for as long as the engine wants it.
async fn look_on<H: Host>(
    host: H,
    clock: Clock,
    means: Arc<Means>,
    mut looks: watch::Receiver<Looked>,
    inputs: UnboundedSender<Input>,
) {
    let every = Duration::from_millis(means.plan.timing.probe_every_ms.max(1));
    loop {
        let looked = looks.borrow_and_update().clone();
        let Some((watch, ..)) = looked else {
            if looks.changed().await.is_err() {
                return;
            }
            continue;
        };
        let (event, traffic) = observe::look(&host, &clock, &means.plan, &watch).await;
        let counted = traffic.map(|traffic| Input::Counted(watch.host.clone(), traffic));
        for input in counted.into_iter().chain([Input::Event(event)]) {
            if inputs.send(input).is_err() {
                return;
            }
        }
        // A change of what to look at ends the pause.
        if let Ok(Err(_)) = tokio::time::timeout(every, looks.changed()).await {
            return;
        }
    }
}

/// Renews the lease of a host's proxy while there may be one. Whether it held is seen by looking.
async fn renew_on<H: Host>(
    id: HostId,
    host: H,
    means: Arc<Means>,
    mut leased: watch::Receiver<Vec<HostId>>,
) {
    let ttl_ms = means.plan.timing.orphan_timeout_ms;
    let every = Duration::from_millis((ttl_ms / 4).max(1));
    loop {
        if leased.wait_for(|hosts| hosts.contains(&id)).await.is_err() {
            return;
        }
        tokio::time::sleep(every).await;
        if !leased.borrow().contains(&id) {
            continue;
        }
        match tokio::time::timeout(every * 2, host.renew(means.plan.service.as_str(), ttl_ms)).await
        {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(host = %id, %error, "a lease was not renewed"),
            Err(_) => tracing::debug!(host = %id, "a renewal was not answered in time"),
        }
    }
}
