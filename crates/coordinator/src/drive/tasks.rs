//! What runs beside the engine: effects being pursued, hosts being looked at, leases being renewed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ledger::wire::v1::Lease;
use rollout::{Action, Effect, EffectId, Event, HostId, Reply, Rollout, Stage, Watch};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Mutex, watch};
use tokio::task::{AbortHandle, JoinSet};

use super::Input;
use crate::clock::Clock;
use crate::host::Host;
use crate::interpret::{Means, Undone, perform};
use crate::ledger_door::Ledger;
use crate::{lease, observe};

/// Shortest and longest pause before an effect is tried again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(3));

/// What to look at, with the stage it is for: a new stage is looked at anew at once.
type Looked = Option<(Watch, Stage)>;

/// Everything that runs beside the engine; it ends with this value.
pub(super) struct Tasks<H> {
    lanes: BTreeMap<HostId, (H, Arc<Mutex<()>>)>,
    means: Arc<Means>,
    set: JoinSet<()>,
    effects: BTreeMap<EffectId, AbortHandle>,
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
        let mut lanes = BTreeMap::new();
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
            lanes.insert(id.clone(), (host.clone(), Arc::default()));
        }
        Self {
            lanes,
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
        self.effects.retain(|id, task| {
            let awaited = state.awaits(*id);
            if !awaited {
                task.abort();
            }
            awaited
        });
        for effect in effects {
            if let Effect::Do { id, host, action } = effect
                && let Some((client, lane)) = self.lanes.get(host)
            {
                let pursuit = pursue(
                    client.clone(),
                    lane.clone(),
                    self.means.clone(),
                    *id,
                    action.clone(),
                    self.inputs.clone(),
                );
                self.effects.insert(*id, self.set.spawn(pursuit));
            }
        }
        let watches = state.watches();
        for (host, sender) in &self.looks {
            let watch = watches.iter().find(|watch| watch.host == *host).cloned();
            let looked = watch.map(|watch| (watch, state.stage()));
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

/// Has an effect performed until it has a definite reply. What changes a route goes one at a time.
async fn pursue<H: Host>(
    host: H,
    lane: Arc<Mutex<()>>,
    means: Arc<Means>,
    id: EffectId,
    action: Action,
    inputs: UnboundedSender<Input>,
) {
    let mut pause = PAUSE.0;
    loop {
        let routes = matches!(
            action,
            Action::Route { .. } | Action::Prepare | Action::Commit | Action::Drain { .. }
        );
        let tried = if routes {
            let _alone = lane.lock().await;
            perform(&host, &means, &action).await
        } else {
            perform(&host, &means, &action).await
        };
        let (input, last) = match tried {
            Ok(reply) => (Input::Event(Event::Reply { id, reply }), true),
            Err(Undone::Again(detail)) => (
                Input::Event(Event::Reply {
                    id,
                    reply: Reply::Unknown { detail },
                }),
                false,
            ),
            Err(Undone::Stale(detail)) => (Input::Fenced(detail), true),
        };
        if inputs.send(input).is_err() || last {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
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
        let Some((watch, _)) = looked else {
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
