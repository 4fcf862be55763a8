//! Hosts with state: instances, a proxy with a lease, counters, a real ledger on the first one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent::api::v1::{
    AgentInfo, ArtifactInfo, InstanceSpec, InstanceState, InstanceStatus, ProbeResult, Route, Run,
    RunStatus,
};
use coordinator::{Host, HostError};
use ledger::Ledger;
use ledger::wire::v1::{Call, Reply};
use proxy::control::v1::{
    Backend, Commitment, Drain, LATENCY_BUCKETS, ServiceConfig, ServiceStatus, Traffic, Version,
    VersionTraffic,
};
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
    /// What a release command comes to.
    pub(crate) run: RunStatus,
    pub(crate) decided: bool,
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
    runs: BTreeMap<String, RunStatus>,
    pub(crate) runs_begun: u32,
    token: u64,
    pub(crate) away: bool,
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
            machine.pass(now);
        }
    }
}

impl Machine {
    fn pass(&mut self, now: u64) {
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
            if version.weight == 100 {
                counted.requests += requests;
                counted.status[1] += requests;
                counted.latency.resize(LATENCY_BUCKETS + 1, 0);
                counted
                    .latency
                    .iter_mut()
                    .skip(20)
                    .for_each(|within| *within += requests);
                counted.sockets_open = 5;
            } else if counted.sockets_open > 0 && status.draining.contains(&version.artifact) {
                counted.sockets_moved += counted.sockets_open;
                counted.sockets_open = 0;
            }
        }
        // Whoever serves is there: invariant I1 at every look.
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
            run: RunStatus::Finished {
                exit: 0,
                output: String::new(),
            },
            decided: false,
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

fn absent<T>(what: &str) -> Result<T, HostError> {
    Err(HostError::Absent {
        message: format!("there is no {what}"),
    })
}

fn instance<'a>(machine: &'a mut Machine, id: &str) -> Result<&'a mut InstanceStatus, HostError> {
    machine
        .instances
        .get_mut(id)
        .ok_or_else(|| HostError::Absent {
            message: format!("there is no instance {id}"),
        })
}

fn service(machine: &mut Machine) -> Result<&mut ServiceStatus, HostError> {
    machine.status.as_mut().ok_or_else(|| HostError::Absent {
        message: "there is no such service".into(),
    })
}

impl Host for FakeHost {
    fn with_token(&self, token: u64) -> Self {
        Self {
            token: Some(token),
            ..self.clone()
        }
    }

    async fn info(&self) -> Result<AgentInfo, HostError> {
        self.call(None, |machine, _| {
            Ok(AgentInfo {
                version: "0".into(),
                pid: 1,
                host: "lead".into(),
                home: "/".into(),
                started_ms: 0,
                proxy: None,
                tokens: [("shop.production".to_owned(), machine.token)].into(),
            })
        })
        .await
    }

    async fn artifacts(&self) -> Result<Vec<ArtifactInfo>, HostError> {
        let info = |letter: char| ArtifactInfo {
            artifact: letter.to_string().repeat(64),
            release: "shop".into(),
            vsn: letter.to_string(),
            already: true,
        };
        self.call(None, |_, _| Ok("abcd".chars().map(info).collect()))
            .await
    }

    async fn instances(&self) -> Result<Vec<InstanceStatus>, HostError> {
        self.call(None, |machine, _| {
            Ok(machine.instances.values().cloned().collect())
        })
        .await
    }

    async fn instance(&self, id: &str) -> Result<InstanceStatus, HostError> {
        self.call(None, |machine, _| instance(machine, id).cloned())
            .await
    }

    async fn start(&self, id: &str, spec: &InstanceSpec) -> Result<InstanceStatus, HostError> {
        self.call(Some(format!("start {id}")), |machine, now| {
            let status = InstanceStatus {
                id: id.into(),
                service: spec.service.clone(),
                artifact: spec.artifact.clone(),
                vsn: spec.artifact[..1].into(),
                slot: spec.slot,
                node: format!("{}_{}@lead", spec.node, spec.slot),
                state: InstanceState::Running,
                pid: Some(7),
                ports: BTreeMap::new(),
                address: "127.0.0.1:1".parse().unwrap(),
                started_ms: Some(now),
                restarts: 0,
                last_exit: None,
                warm_until_ms: None,
                healthy: None,
            };
            let same = machine.instances.get(id).is_some_and(|old| {
                old.artifact == status.artifact && old.state == InstanceState::Running
            });
            if !same {
                machine.instances.insert(id.into(), status.clone());
            }
            Ok(status)
        })
        .await
    }

    async fn restart(&self, id: &str) -> Result<InstanceStatus, HostError> {
        self.call(Some(format!("restart {id}")), |machine, now| {
            let found = instance(machine, id)?;
            found.state = InstanceState::Running;
            found.started_ms = Some(now);
            Ok(found.clone())
        })
        .await
    }

    async fn stop(&self, id: &str) -> Result<InstanceStatus, HostError> {
        self.call(Some(format!("stop {id}")), |machine, _| {
            let found = instance(machine, id)?;
            found.state = InstanceState::Stopped;
            Ok(found.clone())
        })
        .await
    }

    async fn warm(&self, id: &str, for_ms: u64) -> Result<InstanceStatus, HostError> {
        self.call(Some(format!("warm {id}")), |machine, now| {
            let found = instance(machine, id)?;
            found.warm_until_ms = Some(now + for_ms);
            Ok(found.clone())
        })
        .await
    }

    async fn remove(&self, id: &str) -> Result<(), HostError> {
        self.call(Some(format!("remove {id}")), |machine, _| {
            machine
                .instances
                .remove(id)
                .map(|_| ())
                .map_or_else(|| absent("such instance"), Ok)
        })
        .await
    }

    async fn probe(&self, id: &str) -> Result<ProbeResult, HostError> {
        let artifact = self
            .call(None, |machine, _| instance(machine, id).cloned())
            .await?
            .artifact;
        let sick = self.sick(&artifact);
        self.call(None, |machine, now| {
            let found = instance(machine, id)?;
            let running = found.state == InstanceState::Running;
            let healthy =
                running && !sick && found.started_ms.is_some_and(|at| now >= at + BOOT_MS);
            let detail = if healthy {
                "200 OK"
            } else {
                "GET /health answered 503"
            };
            Ok(ProbeResult {
                healthy,
                detail: detail.into(),
                took_ms: 1,
                running,
                restarts: 0,
            })
        })
        .await
    }

    async fn log_tail(&self, id: &str, _lines: usize) -> Result<String, HostError> {
        self.call(None, |_, _| {
            Ok(format!("{id}: (RuntimeError) no database\n"))
        })
        .await
    }

    async fn run(&self, id: &str, _run: &Run) -> Result<RunStatus, HostError> {
        let outcome = self.fleet.lock().unwrap().run.clone();
        self.call(Some(format!("run {id}")), |machine, _| {
            if !machine.runs.contains_key(id) {
                machine.runs_begun += 1;
                machine.runs.insert(id.into(), outcome);
            }
            Ok(machine.runs[id].clone())
        })
        .await
    }

    async fn run_status(&self, id: &str) -> Result<RunStatus, HostError> {
        self.call(None, |machine, _| {
            Ok(machine.runs.get(id).cloned().unwrap_or(RunStatus::Absent))
        })
        .await
    }

    async fn route(&self, _service: &str, route: &Route) -> Result<ServiceStatus, HostError> {
        let weights: Vec<String> = route
            .versions
            .iter()
            .map(|version| format!("{}={}", &version.artifact[..1], version.weight))
            .collect();
        self.call(
            Some(format!("route {}", weights.join(" "))),
            |machine, now| {
                let backend = |id: &String| Backend {
                    instance: id.clone(),
                    address: "127.0.0.1:1".parse().unwrap(),
                    healthy: true,
                };
                machine.lease_until = match &route.commitment {
                    Commitment::Leased { ttl_ms, .. } => Some(now + ttl_ms),
                    _ => None,
                };
                let status = ServiceStatus {
                    config: ServiceConfig {
                        listen: route.listen,
                        hosts: route.hosts.clone(),
                        path_prefix: route.path_prefix.clone(),
                        limits: route.limits.clone(),
                        versions: route
                            .versions
                            .iter()
                            .map(|version| Version {
                                artifact: version.artifact.clone(),
                                weight: version.weight,
                                backends: version.instances.iter().map(backend).collect(),
                            })
                            .collect(),
                        commitment: route.commitment.clone(),
                    },
                    bound: route.listen,
                    lease_left_ms: None,
                    reverted: false,
                    draining: Vec::new(),
                };
                machine.status = Some(status.clone());
                Ok(status)
            },
        )
        .await
    }

    async fn routed(&self, _service: &str) -> Result<ServiceStatus, HostError> {
        self.call(None, |machine, _| service(machine).cloned())
            .await
    }

    async fn renew(&self, _service: &str, ttl_ms: u64) -> Result<ServiceStatus, HostError> {
        self.call(Some("renew".into()), |machine, now| {
            if let Some(until) = &mut machine.lease_until {
                *until = now + ttl_ms;
            }
            service(machine).cloned()
        })
        .await
    }

    async fn prepare(&self, _service: &str) -> Result<ServiceStatus, HostError> {
        self.call(Some("prepare".into()), |machine, _| {
            let status = service(machine)?;
            let Commitment::Leased { stable, .. } = status.config.commitment.clone() else {
                return Err(HostError::Refused {
                    kind: "not_leased".into(),
                    message: "nothing is leased".into(),
                });
            };
            status.config.commitment = Commitment::Prepared { stable };
            let status = status.clone();
            machine.lease_until = None;
            Ok(status)
        })
        .await
    }

    async fn commit(&self, _service: &str) -> Result<ServiceStatus, HostError> {
        self.call(Some("commit".into()), |machine, _| {
            let status = service(machine)?;
            status.config.commitment = Commitment::Committed;
            Ok(status.clone())
        })
        .await
    }

    async fn drain(&self, _service: &str, drain: &Drain) -> Result<ServiceStatus, HostError> {
        self.call(
            Some(format!("drain {}", &drain.artifact[..1])),
            |machine, _| {
                let status = service(machine)?;
                status.draining.push(drain.artifact.clone());
                Ok(status.clone())
            },
        )
        .await
    }

    async fn traffic(&self, _service: &str) -> Result<Traffic, HostError> {
        self.call(None, |machine, _| {
            service(machine)?;
            Ok(machine.traffic.clone())
        })
        .await
    }

    async fn ledger(&self, call: &Call) -> Result<Reply, HostError> {
        self.call(None, |_, _| Ok(())).await?;
        let mut fleet = self.fleet.lock().unwrap();
        let now = fleet.now_ms();
        if let Call::Append { effect, .. } = call {
            fleet.decided |= effect.current.is_some();
        }
        Ok(fleet.ledger.handle(call.clone(), now))
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
