//! Hosts with state: instances, a proxy with a lease, counters, a real ledger on the first one.

#[path = "fake/calls.rs"]
mod calls;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent::api::v1::{InstanceState, InstanceStatus, RunStatus};
use coordinator::HostError;
use ledger::Ledger;
use proxy::control::v1::{Commitment, LATENCY_BUCKETS, ServiceStatus, Traffic, VersionTraffic};
use tokio::sync::Notify;

/// Requests a second that come to every proxy.
const RATE: u64 = 100;
/// Time that an instance takes to become healthy.
const BOOT_MS: u64 = 1_500;

/// When a coordinator dies: at its nth call, which the host has obeyed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kill {
    Before(u64),
    After(u64),
}

/// All hosts together.
pub(crate) struct Fleet {
    pub(crate) hosts: Vec<Machine>,
    pub(crate) ledger: Ledger,
    pub(crate) kill: Option<Kill>,
    pub(crate) calls: u64,
    /// Calls that changed something, in words.
    pub(crate) deeds: Vec<String>,
    /// Artifacts that never become healthy.
    pub(crate) sick: BTreeSet<String>,
    /// Artifacts that answer 500 to everything.
    pub(crate) faulty: BTreeSet<String>,
    /// What a release command comes to.
    pub(crate) run: RunStatus,
    /// What hooks and background work come to, first come first; all is well once there is none.
    pub(crate) jobs: Vec<RunStatus>,
    /// What was run on hosts: the name, and the words or arguments.
    pub(crate) ran: Vec<(String, Vec<String>, BTreeMap<String, String>)>,
    pub(crate) decided: bool,
    /// The entries that were known to whoever asked for a rollout.
    pub(crate) known: Vec<Option<u64>>,
    started: tokio::time::Instant,
}

/// One host.
#[derive(Default)]
pub(crate) struct Machine {
    pub(crate) instances: BTreeMap<String, InstanceStatus>,
    pub(crate) status: Option<ServiceStatus>,
    pub(crate) lease_until: Option<u64>,
    pub(crate) traffic: Traffic,
    counted_to: u64,
    pub(crate) runs: BTreeMap<String, RunStatus>,
    pub(crate) runs_begun: u32,
    token: u64,
    pub(crate) away: bool,
    /// Nothing that starts here from now on becomes healthy.
    pub(crate) never_healthy: bool,
}

#[derive(Clone)]
pub(crate) struct FakeHost {
    fleet: Arc<Mutex<Fleet>>,
    pub(crate) killed: Arc<Notify>,
    index: usize,
    token: Option<u64>,
}

impl Fleet {
    pub(crate) fn now_ms(&self) -> u64 {
        1_000_000 + u64::try_from(self.started.elapsed().as_millis()).unwrap()
    }

    /// Lets the proxies catch up with the time.
    pub(crate) fn pass(&mut self) {
        let now = self.now_ms();
        for machine in &mut self.hosts {
            machine.pass(now, &self.faulty);
        }
    }
}

impl Machine {
    fn pass(&mut self, now: u64, faulty: &BTreeSet<String>) {
        for instance in self.instances.values_mut() {
            if instance.warm_until_ms.is_some_and(|until| now >= until) {
                instance.warm_until_ms = None;
                instance.state = InstanceState::Stopped;
            }
        }
        let Some(status) = &mut self.status else {
            return;
        };
        if self.lease_until.is_some_and(|until| now >= until)
            && let Commitment::Leased { stable, .. } = status.config.commitment.clone()
        {
            for version in &mut status.config.versions {
                version.weight = if version.artifact == stable { 100 } else { 0 };
            }
            status.config.commitment = Commitment::Committed;
            status.reverted = true;
            self.lease_until = None;
        }
        let elapsed = now - self.counted_to.min(now);
        let requests = elapsed * RATE / 1000;
        if requests == 0 && self.counted_to != 0 {
            return;
        }
        self.counted_to = now;
        for version in &status.config.versions {
            let counted = self
                .traffic
                .versions
                .entry(version.artifact.clone())
                .or_default();
            if version.weight > 0 {
                let share = requests * u64::from(version.weight) / 100;
                let class = if faulty.contains(&version.artifact) {
                    4
                } else {
                    1
                };
                counted.requests += share;
                counted.status[class] += share;
                counted.latency.resize(LATENCY_BUCKETS + 1, 0);
                counted
                    .latency
                    .iter_mut()
                    .skip(20)
                    .for_each(|within| *within += share);
                counted.sockets_open = 5;
            } else if counted.sockets_open > 0 && status.draining.contains(&version.artifact) {
                counted.sockets_moved += counted.sockets_open;
                counted.sockets_open = 0;
            }
        }
        // Whoever serves is there: invariant I1 at every look, but on a host that left the balancer.
        if status
            .config
            .readiness
            .as_ref()
            .is_some_and(|readiness| !readiness.ready)
        {
            return;
        }
        for version in status
            .config
            .versions
            .iter()
            .filter(|version| version.weight > 0)
        {
            for backend in &version.backends {
                let instance = &self.instances[&backend.instance];
                assert_eq!(
                    instance.state,
                    InstanceState::Running,
                    "{} serves",
                    backend.instance
                );
            }
        }
    }
}

impl FakeHost {
    /// Makes a fleet of this many hosts, all of which have these artifacts.
    pub(crate) fn fleet(count: usize, ledger: Ledger) -> (Arc<Mutex<Fleet>>, Vec<Self>) {
        let hosts = (0..count)
            .map(|_| Machine {
                traffic: Traffic {
                    epoch: 7,
                    ..Traffic::default()
                },
                ..Machine::default()
            })
            .collect();
        let fleet = Arc::new(Mutex::new(Fleet {
            hosts,
            ledger,
            kill: None,
            calls: 0,
            deeds: Vec::new(),
            sick: BTreeSet::new(),
            faulty: BTreeSet::new(),
            jobs: Vec::new(),
            ran: Vec::new(),
            run: RunStatus::Finished {
                exit: 0,
                output: String::new(),
            },
            decided: false,
            known: Vec::new(),
            started: tokio::time::Instant::now(),
        }));
        let killed = Arc::new(Notify::new());
        let host = |index| Self {
            fleet: fleet.clone(),
            killed: killed.clone(),
            index,
            token: None,
        };
        let hosts = (0..count).map(host).collect();
        (fleet, hosts)
    }

    /// Makes one call: it takes a while, may be where the coordinator dies, and obeys the newest token only.
    async fn call<T>(
        &self,
        deed: Option<String>,
        obey: impl FnOnce(&mut Machine, u64) -> Result<T, HostError>,
    ) -> Result<T, HostError> {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let nth = {
            let mut fleet = self.fleet.lock().unwrap();
            fleet.calls += 1;
            fleet.calls
        };
        self.die_at(Kill::Before(nth)).await;
        let result = {
            let mut fleet = self.fleet.lock().unwrap();
            fleet.pass();
            let now = fleet.now_ms();
            let machine = &mut fleet.hosts[self.index];
            if machine.away {
                return Err(HostError::Unanswered {
                    message: "the agent does not answer".into(),
                });
            }
            if let (Some(token), Some(_)) = (self.token, &deed) {
                if token < machine.token {
                    return Err(HostError::Stale {
                        message: format!("token {token} is older than {}", machine.token),
                    });
                }
                machine.token = token;
            }
            let result = obey(machine, now);
            fleet.deeds.extend(deed);
            fleet.pass();
            result
        };
        self.die_at(Kill::After(nth)).await;
        result
    }

    async fn die_at(&self, point: Kill) {
        let dies = self.fleet.lock().unwrap().kill == Some(point);
        if dies {
            self.killed.notify_one();
            std::future::pending::<()>().await;
        }
    }

    fn sick(&self, artifact: &str) -> bool {
        self.fleet.lock().unwrap().sick.contains(artifact)
    }
}

/// Sums requests of a machine, over all versions.
pub(crate) fn requests(machine: &Machine) -> u64 {
    machine
        .traffic
        .versions
        .values()
        .map(|version: &VersionTraffic| version.requests)
        .sum()
}
