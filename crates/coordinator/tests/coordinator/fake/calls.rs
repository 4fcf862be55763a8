//! What a simulated host does when it is called.

use std::collections::BTreeMap;

use agent::api::v1::{
    AgentInfo, ArtifactInfo, InstanceSpec, InstanceState, InstanceStatus, ProbeResult, Ready,
    Route, Run, RunStatus,
};
use coordinator::{Host, HostError};
use ledger::wire::v1::{Call, Reply};
use proxy::control::v1::{
    Backend, Commitment, Drain, Readiness, ServiceConfig, ServiceStatus, Traffic, Version,
};

use super::{BOOT_MS, FakeHost, Machine};

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

    fn with_order(&self, _order: u64) -> Self {
        self.clone()
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
                hooks: Vec::new(),
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
            let ill = machine.never_healthy && artifact.starts_with('b');
            let found = instance(machine, id)?;
            let healthy =
                running && !sick && !ill && found.started_ms.is_some_and(|at| now >= at + BOOT_MS);
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
                restarts: found.restarts,
                beam: None,
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

    async fn run(&self, id: &str, run: &Run) -> Result<RunStatus, HostError> {
        let outcome = {
            let mut fleet = self.fleet.lock().unwrap();
            let what = [run.args.clone(), run.words.clone()].concat();
            fleet.ran.push((id.into(), what, run.env.clone()));
            if id.contains("-command-") {
                fleet.run.clone()
            } else if fleet.jobs.is_empty() {
                RunStatus::Finished {
                    exit: 0,
                    output: String::new(),
                }
            } else {
                fleet.jobs.remove(0)
            }
        };
        self.call(Some(format!("run {id}")), |machine, _| {
            let begun = machine.runs.get(id);
            machine.runs_begun += u32::from(begun.is_none());
            if begun.is_none_or(|status| *status == RunStatus::Running) {
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
                let routed = route.versions.iter().filter(|version| version.weight > 0);
                for id in routed.flat_map(|version| &version.instances) {
                    instance(machine, id)?.warm_until_ms = None;
                }
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
                        sticky: route.sticky.clone(),
                        testers: route.testers.clone(),
                        preview: route.preview.clone(),
                        readiness: route.readiness.clone(),
                    },
                    bound: route.listen,
                    preview_bound: None,
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

    async fn ready(&self, _service: &str, ready: &Ready) -> Result<ServiceStatus, HostError> {
        self.call(Some(format!("ready {}", ready.ready)), |machine, _| {
            let status = service(machine)?;
            let known = status.config.readiness.take().map(|it| it.path);
            let Some(path) = ready.path.clone().or(known) else {
                return Err(HostError::Refused {
                    kind: "no_readiness".into(),
                    message: "the route has no readiness path".into(),
                });
            };
            status.config.readiness = Some(Readiness {
                path,
                ready: ready.ready,
            });
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
        if let Call::Rollout { after, .. } = call {
            fleet.known.push(*after);
        }
        Ok(fleet.ledger.handle(call.clone(), now))
    }
}
