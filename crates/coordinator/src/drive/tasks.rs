//! What runs beside the engine: effects being pursued, hosts being looked at, leases being renewed,
//! webhooks being told and asked.

mod looking;
mod pursuit;
mod renewal;
mod webhooks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ledger::wire::v1::Lease;
use rollout::{Effect, EffectId, HostId, Rollout, Tick};
use tokio::sync::mpsc::{UnboundedSender, error::TrySendError};
use tokio::sync::{Mutex, Semaphore, mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};

use super::Input;
use crate::clock::Clock;
use crate::errand::Notice;
use crate::host::Host;
use crate::interpret::{Means, Moment};
use crate::lease;
use crate::ledger_door::Ledger;
use looking::Looked;
use pursuit::{About, ErrandPursuit, Pursuit, about};
use webhooks::{Reversible, farewell};

/// Looks at hosts under way at once at most; as many renewals.
pub(in crate::drive) const AT_ONCE: usize = 64;
/// Calls for effects under way at once at most. A start or a stop may take its time, so they are more.
const EFFECTS_AT_ONCE: usize = 256;

/// Everything that runs beside the engine; it ends with this value.
pub(super) struct Tasks<H> {
    hosts: BTreeMap<HostId, H>,
    lanes: BTreeMap<(HostId, About), Arc<Mutex<u64>>>,
    room: Arc<Semaphore>,
    means: Arc<Means>,
    set: JoinSet<()>,
    effects: BTreeMap<EffectId, Pursued>,
    looks: BTreeMap<HostId, watch::Sender<Option<Looked>>>,
    leased: watch::Sender<BTreeMap<HostId, u64>>,
    inputs: UnboundedSender<Input>,
    notices: Option<mpsc::Sender<Notice>>,
    teller: Option<JoinHandle<()>>,
    reversible: watch::Sender<Reversible>,
}

/// An effect that is being pursued.
struct Pursued {
    host: Option<HostId>,
    wanted: Arc<AtomicBool>,
    /// Of what is done in this process: it ends when it is no longer wanted.
    task: Option<AbortHandle>,
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
        let (leased, _) = watch::channel(BTreeMap::new());
        let (looking, renewing) = (Semaphore::new(AT_ONCE), Semaphore::new(AT_ONCE));
        let (looking, renewing) = (Arc::new(looking), Arc::new(renewing));
        let mut looks = BTreeMap::new();
        for (id, host) in hosts {
            let (sender, receiver) = watch::channel(None);
            set.spawn(looking::look_on(
                host.clone(),
                clock.clone(),
                means.clone(),
                looking.clone(),
                receiver,
                inputs.clone(),
            ));
            set.spawn(renewal::renew_on(
                id.clone(),
                host.clone(),
                means.clone(),
                renewing.clone(),
                leased.subscribe(),
            ));
            looks.insert(id.clone(), sender);
        }
        let (reversible, stands) = watch::channel(Reversible::default());
        for hook in &means.settings.webhooks.rollback {
            set.spawn(webhooks::ask_on(
                means.clone(),
                hook.clone(),
                stands.clone(),
                inputs.clone(),
            ));
        }
        let (notices, teller) = webhooks::teller(means).unzip();
        Self {
            hosts: hosts.clone(),
            lanes: BTreeMap::new(),
            room: Arc::new(Semaphore::new(EFFECTS_AT_ONCE)),
            means: means.clone(),
            set,
            effects: BTreeMap::new(),
            looks,
            leased,
            inputs,
            notices,
            teller,
            reversible,
        }
    }

    /// Does what steps of the engine want.
    pub(super) fn follow(&mut self, state: &Rollout, asked: Vec<(Effect, Moment)>, now: Tick) {
        while self.set.try_join_next().is_some() {}
        let holds = state.is_reversible() && !state.is_halted();
        self.reversible.send_if_modified(|old| {
            let changed = old.holds != holds;
            old.holds = holds;
            changed
        });
        for (effect, moment) in asked {
            self.pursue(state, effect, moment);
        }
        self.effects.retain(|id, pursued| {
            let awaited = state.awaits(*id);
            if !awaited {
                pursued.wanted.store(false, Ordering::Relaxed);
                if let Some(task) = &pursued.task {
                    task.abort();
                }
            }
            awaited
        });
        self.look(state);
        let leases: BTreeMap<HostId, u64> = state
            .leases(now)
            .into_iter()
            .map(|lease| (lease.host, lease.ttl_ms))
            .collect();
        self.leased.send_if_modified(|old| {
            let changed = *old != leases;
            *old = leases;
            changed
        });
    }

    fn pursue(&mut self, state: &Rollout, effect: Effect, moment: Moment) {
        let wanted = Arc::new(AtomicBool::new(true));
        let (id, host, task) = match effect {
            Effect::Do { id, host, action } if state.awaits(id) => {
                let Some(client) = self.hosts.get(&host) else {
                    return;
                };
                let lane = self
                    .lanes
                    .entry((host.clone(), about(&action)))
                    .or_default()
                    .clone();
                let pursuit = Pursuit {
                    host: client.clone(),
                    lane,
                    room: self.room.clone(),
                    wanted: wanted.clone(),
                    means: self.means.clone(),
                    moment,
                    id,
                    action,
                    inputs: self.inputs.clone(),
                };
                self.set.spawn(pursuit.run());
                (id, Some(host), None)
            }
            Effect::Ask { id, errand } if state.awaits(id) => {
                let pursuit = ErrandPursuit {
                    means: self.means.clone(),
                    moment,
                    id,
                    errand,
                    inputs: self.inputs.clone(),
                };
                (id, None, Some(self.set.spawn(pursuit.run())))
            }
            _ => return,
        };
        self.effects.insert(id, Pursued { host, wanted, task });
    }

    /// Has hosts looked at that are to be, and at once where that or what is awaited of them changed.
    fn look(&self, state: &Rollout) {
        let mut awaited: BTreeMap<&HostId, usize> = BTreeMap::new();
        for host in self.effects.values().filter_map(|p| p.host.as_ref()) {
            *awaited.entry(host).or_default() += 1;
        }
        let step = state.current().map(|(step, _)| step);
        let mut watches: BTreeMap<HostId, rollout::Watch> = state
            .watches()
            .into_iter()
            .map(|watch| (watch.host.clone(), watch))
            .collect();
        for (host, sender) in &self.looks {
            let looked = watches.remove(host).map(|watch| Looked {
                watch,
                step,
                awaited: awaited.get(host).copied().unwrap_or(0),
            });
            sender.send_if_modified(|old| {
                let changed = *old != looked;
                *old = looked;
                changed
            });
        }
    }

    /// Has webhooks told of something; one that is too slow misses it.
    pub(super) fn tell(&self, notice: Notice) {
        self.reversible
            .send_modify(|stands| stands.moment.clone_from(&notice.moment));
        if let Some(notices) = &self.notices
            && let Err(TrySendError::Full(notice)) = notices.try_send(notice)
        {
            tracing::debug!(message = notice.message, "an event webhook is too slow");
        }
    }

    /// Gives webhooks a little time to hear of the end.
    pub(super) async fn farewell(&mut self) {
        self.notices = None;
        if let Some(teller) = self.teller.take() {
            farewell(teller).await;
        }
    }
}

impl<H> Drop for Tasks<H> {
    fn drop(&mut self) {
        if let Some(teller) = &self.teller {
            teller.abort();
        }
    }
}
