//! A simulated host: instances, an agent that obeys and fences, and a proxy that runs the production split.
//!
//! Time passes with [`Machine::pass`], which brings everything up to an instant; [`Machine::next_change`]
//! tells when something happens by itself.

mod instance;
mod jobs;
mod obey;
mod proxy;

use std::collections::{BTreeMap, BTreeSet};

use proxy::Proxy;
use rollout::{ArtifactId, HostId, InstanceId};

pub(crate) use instance::{Instance, Temper};
pub(crate) use jobs::{Job, What};
pub(crate) use obey::{Answer, Call, Denial};

/// Requests that come to a host, a second.
const RATE: u64 = 40;

/// One host.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) name: HostId,
    /// Whether its power is on.
    pub(crate) up: bool,
    /// Whether coordinators reach its agent; how many faults say no.
    pub(crate) cut_off: u32,
    /// Whether its disk takes nothing more.
    pub(crate) disk_full: u32,
    /// The highest fencing token, as the agent knows it and as it is on disk.
    pub(crate) token: u64,
    pub(crate) token_on_disk: u64,
    /// The latest call that was obeyed of those that keep their order: its token and its number.
    latest: (u64, u64),
    /// Which life of the agent this is.
    pub(crate) life: u64,
    pub(crate) instances: BTreeMap<InstanceId, Instance>,
    pub(crate) proxy: Proxy,
    pub(crate) jobs: BTreeMap<String, Job>,
    /// How the candidate, whose artifact this is, behaves here.
    pub(crate) temper: Temper,
    pub(crate) candidate: ArtifactId,
    /// Versions that had requests here.
    pub(crate) served: BTreeSet<ArtifactId>,
    /// How often a release command ran here, and which background work and hooks were done.
    pub(crate) commands: u32,
    pub(crate) hooks: Vec<(u32, bool)>,
    /// How often a hook still fails here.
    pub(crate) stubborn: BTreeMap<u32, u32>,
    /// Whether nobody sees the end of the next release command.
    pub(crate) command_unseen: bool,
    now: u64,
}

impl Machine {
    pub(crate) fn new(name: HostId, candidate: ArtifactId, temper: Temper, now: u64) -> Self {
        Self {
            name,
            up: true,
            cut_off: 0,
            disk_full: 0,
            token: 0,
            token_on_disk: 0,
            latest: (0, 0),
            life: 0,
            instances: BTreeMap::new(),
            proxy: Proxy::new(now),
            jobs: BTreeMap::new(),
            temper,
            candidate,
            served: BTreeSet::new(),
            commands: 0,
            hooks: Vec::new(),
            stubborn: BTreeMap::new(),
            command_unseen: false,
            now,
        }
    }

    /// Has the proxy serve, as an earlier rollout left it.
    pub(crate) fn serve(&mut self, config: ::proxy::control::v1::ServiceConfig) {
        self.proxy
            .put(config, self.now)
            .expect("a valid configuration");
    }

    /// The time that has passed here.
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// Says whether a coordinator reaches the agent.
    pub(crate) fn answers(&self) -> bool {
        self.up && self.cut_off == 0
    }

    /// Lets time pass until `now`.
    pub(crate) fn pass(&mut self, now: u64) {
        while self.now < now {
            let until = self
                .next_change()
                .map_or(now, |at| at.clamp(self.now + 1, now));
            self.count(until - self.now);
            self.now = until;
            self.turn();
        }
    }

    /// Counts what was asked of the proxy in a time in which nothing changed.
    fn count(&mut self, elapsed_ms: u64) {
        if !self.up {
            return;
        }
        let instances = &self.instances;
        let able = |ids: &[InstanceId]| {
            ids.iter()
                .any(|id| instances.get(id).is_some_and(|instance| instance.healthy))
        };
        let (candidate, errs) = (&self.candidate, self.temper.errs_permille);
        let served = &mut self.served;
        self.proxy.count(elapsed_ms * RATE, able, |artifact| {
            if !served.contains(artifact) {
                served.insert(artifact.clone());
            }
            if artifact == candidate { errs } else { 1 }
        });
    }

    /// What happens by itself at this instant.
    fn turn(&mut self) {
        let now = self.now;
        if !self.up {
            return;
        }
        self.proxy.turn(now);
        for (id, instance) in &mut self.instances {
            if instance.warm_until.is_some_and(|until| until <= now) {
                instance.warm_until = None;
                // One that is routed to by then is kept.
                if !self.proxy.gives_weight(id) {
                    instance.stop();
                }
            }
            let own = instance.artifact == self.candidate;
            instance.turn(now, own.then_some(&self.temper));
        }
        for job in self.jobs.values_mut() {
            if let Some(done) = job.turn(now) {
                done.apply(&mut self.instances, &mut self.hooks);
            }
        }
    }

    /// When something happens by itself, if nothing is done to the host.
    pub(crate) fn next_change(&self) -> Option<u64> {
        if !self.up {
            return None;
        }
        let instances = self.instances.values().flat_map(|instance| {
            let own = instance.artifact == self.candidate;
            instance.next_change(self.now, own.then_some(&self.temper))
        });
        let jobs = self.jobs.values().filter_map(Job::next_change);
        instances.chain(jobs).chain(self.proxy.next_change()).min()
    }

    /// The power goes: everything stops where it is.
    pub(crate) fn lose_power(&mut self) {
        self.up = false;
        self.latest = (0, 0);
        self.life += 1;
        for instance in self.instances.values_mut() {
            instance.healthy = false;
        }
    }

    /// The machine starts anew: what should run is started, and leases count as expired.
    pub(crate) fn boot(&mut self, now: u64) {
        self.now = now;
        self.up = true;
        self.token = self.token_on_disk;
        self.proxy.reboot(now);
        for instance in self.instances.values_mut() {
            let own = instance.permanent == self.candidate;
            let boot_ms = if own { self.temper.boot_ms } else { 300 };
            instance.start_again(now, boot_ms);
        }
        for job in self.jobs.values_mut() {
            job.lose();
        }
        self.turn();
    }

    /// The agent starts anew: it knows what is on disk, and sees the end of no job that ran.
    pub(crate) fn restart_agent(&mut self) {
        self.latest = (0, 0);
        self.life += 1;
        self.token = self.token_on_disk;
        for job in self.jobs.values_mut() {
            job.lose();
        }
    }

    /// How many instances take requests, those included whose illness is the world's doing.
    pub(crate) fn available(&self) -> u32 {
        let takes = self.proxy.taking();
        let able = |id: &&InstanceId| {
            self.instances.get(*id).is_some_and(|instance| {
                let own = instance.artifact == self.candidate && self.temper.is_ill();
                instance.healthy || (instance.on && (instance.excused || own))
            })
        };
        takes.filter(able).count() as u32
    }
}
