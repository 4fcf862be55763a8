//! Computes a plan from a request and what the hosts are.

use std::collections::BTreeMap;

use super::{
    HostPlan, Moving, Placement, Plan, Purpose, Readiness, ReleaseCommand, Strategy, Timing,
    Tolerance, Version, Warning,
};
use crate::name::{ArtifactId, HostId, InstanceId, ServiceKey};

/// What a person asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The service in its environment.
    pub service: ServiceKey,
    /// Whether it brings something in or back.
    pub purpose: Purpose,
    /// How the version is to be changed.
    pub strategy: Strategy,
    /// The version to bring in.
    pub candidate: Version,
    /// How it was chosen.
    pub chosen: Chosen,
    /// Instances on each host.
    pub instances_per_host: u32,
    /// The first part of node names.
    pub node: String,
    /// Names of the applications in the release, for warnings.
    pub applications: Vec<String>,
    /// Deadlines and durations.
    pub timing: Timing,
    /// What is put up with.
    pub tolerance: Tolerance,
    /// How clients are moved.
    pub moving: Moving,
    /// The release command.
    pub release_command: Option<ReleaseCommand>,
    /// Background work.
    pub background: Background,
    /// Hooks at points of the rollout.
    pub hooks: Vec<Hook>,
    /// Whether testers are let at the candidate before the switch: by a preview address or a header.
    pub preview: bool,
    /// What the comparison of the two releases says of a hot upgrade, where it was made.
    pub verdict: Option<HotVerdict>,
    /// Hosts of the fleet that do not answer, with what was seen: left out where the failure budget allows.
    pub unreachable: Vec<(HostId, String)>,
}

/// Whether a pair of versions can be changed hot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotVerdict {
    /// Whether it is proven safe, both ways.
    pub safe: bool,
    /// Every reason, in words.
    pub reasons: Vec<String>,
}

/// How a candidate was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// As what was built, or what came before.
    ByRule,
    /// By its name: even a version marked bad is taken.
    ByName,
}

/// What a host is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFacts {
    /// Which host.
    pub host: HostId,
    /// The service's instances there.
    pub instances: Vec<InstanceFact>,
    /// Where its proxy sends the service's traffic.
    pub route: Option<RouteFact>,
    /// Open WebSockets and event streams of the service.
    pub sockets_open: u64,
}

/// An instance on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceFact {
    /// Its id.
    pub instance: InstanceId,
    /// Its slot.
    pub slot: u32,
    /// What it runs.
    pub artifact: ArtifactId,
    /// The label of that.
    pub vsn: String,
    /// Whether its process runs, or is being started again.
    pub running: bool,
}

/// A service's route on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteFact {
    /// Each version with its weight and instances.
    pub versions: BTreeMap<ArtifactId, (u8, Vec<InstanceId>)>,
}

/// An artifact that was marked bad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Which.
    pub artifact: ArtifactId,
    /// Why.
    pub why: String,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No host was given.
    #[error("{service} has no hosts")]
    NoHosts {
        /// Which service.
        service: ServiceKey,
    },
    /// A host was given twice.
    #[error("host {host} is named twice")]
    HostTwice {
        /// Which host.
        host: HostId,
    },
    /// No instances were asked for.
    #[error("instances per host must be 1 to 64, not {asked}")]
    Instances {
        /// How many were.
        asked: u32,
    },
    /// The candidate serves already.
    #[error("{} serves {service} already", artifact.short())]
    ServesAlready {
        /// Which service.
        service: ServiceKey,
        /// Which artifact.
        artifact: ArtifactId,
    },
    /// The candidate was marked bad.
    #[error("{} is marked bad: {why}", artifact.short())]
    MarkedBad {
        /// Which artifact.
        artifact: ArtifactId,
        /// Why.
        why: String,
    },
    /// Proxies send all traffic to different versions.
    #[error(
        "the proxies do not agree on the version that serves {service}: {}",
        list(serving)
    )]
    Mixed {
        /// Which service.
        service: ServiceKey,
        /// What serves on each host.
        serving: Vec<(HostId, ArtifactId)>,
    },
    /// A proxy splits traffic between versions.
    #[error("the proxy on {host} splits the traffic of {service} between versions")]
    Split {
        /// Which service.
        service: ServiceKey,
        /// Which host.
        host: HostId,
    },
    /// There is nothing to go back from.
    #[error("nothing serves {service}, so there is nothing to roll back")]
    NothingToRollBack {
        /// Which service.
        service: ServiceKey,
    },
    /// A duration makes no sense.
    #[error("{what}")]
    Timing {
        /// What and why.
        what: &'static str,
    },
}

fn list(serving: &[(HostId, ArtifactId)]) -> String {
    let parts: Vec<_> = serving
        .iter()
        .map(|(host, artifact)| format!("{} on {host}", artifact.short()))
        .collect();
    parts.join(", ")
}

/// Computes the plan.
///
/// `marks` are the artifacts marked bad, `current` what the ledger takes for the current version.
///
/// # Errors
/// Where the request cannot be carried out on these hosts; nothing was done.
pub fn compute(
    request: &Request,
    hosts: &[HostFacts],
    marks: &[Mark],
    current: Option<&ArtifactId>,
) -> Result<Plan, PlanError> {
    check_request(request, hosts)?;
    let stable = stable(request, hosts)?;
    match (&stable, request.purpose) {
        (Some(stable), _) if stable.artifact == request.candidate.artifact => {
            return Err(PlanError::ServesAlready {
                service: request.service.clone(),
                artifact: stable.artifact.clone(),
            });
        }
        (None, Purpose::Rollback) => {
            return Err(PlanError::NothingToRollBack {
                service: request.service.clone(),
            });
        }
        _ => {}
    }
    let mark = marks
        .iter()
        .find(|mark| mark.artifact == request.candidate.artifact);
    if let (Some(mark), Chosen::ByRule) = (mark, request.chosen) {
        return Err(PlanError::MarkedBad {
            artifact: mark.artifact.clone(),
            why: mark.why.clone(),
        });
    }
    let mut plan = Plan {
        service: request.service.clone(),
        purpose: request.purpose,
        strategy: request.strategy,
        candidate: request.candidate.clone(),
        hosts: hosts
            .iter()
            .map(|facts| place(request, facts, stable.as_ref()))
            .collect(),
        stable,
        timing: request.timing,
        tolerance: request.tolerance,
        moving: request.moving,
        release_command: request.release_command.clone(),
        sockets_open: hosts.iter().map(|facts| facts.sockets_open).sum(),
        warnings: Vec::new(),
    };
    plan.warnings = warnings(request, &plan, hosts, mark, current);
    Ok(plan)
}

fn check_request(request: &Request, hosts: &[HostFacts]) -> Result<(), PlanError> {
    if hosts.is_empty() {
        return Err(PlanError::NoHosts {
            service: request.service.clone(),
        });
    }
    for (i, facts) in hosts.iter().enumerate() {
        if hosts[..i].iter().any(|other| other.host == facts.host) {
            return Err(PlanError::HostTwice {
                host: facts.host.clone(),
            });
        }
    }
    if !(1..=64).contains(&request.instances_per_host) {
        return Err(PlanError::Instances {
            asked: request.instances_per_host,
        });
    }
    let timing = &request.timing;
    let what = if timing.probe_every_ms == 0 {
        "probe_every must be more than 0"
    } else if timing.healthy_deadline_ms <= timing.min_healthy_time_ms {
        "healthy_deadline must be longer than min_healthy_time"
    } else if timing.orphan_timeout_ms < 1_000 {
        "orphan_timeout must be at least 1 s"
    } else if timing.progress_deadline_ms == 0 {
        "progress_deadline must be more than 0"
    } else if request.moving.sockets_per_second == 0 {
        "the reconnect budget must be at least 1 socket a second"
    } else {
        return Ok(());
    };
    Err(PlanError::Timing { what })
}

/// Finds the version that serves: the one with all the weight on every proxy that has a route.
fn stable(request: &Request, hosts: &[HostFacts]) -> Result<Option<Version>, PlanError> {
    let mut serving: Vec<(HostId, ArtifactId)> = Vec::new();
    for facts in hosts {
        let Some(route) = &facts.route else { continue };
        let mut weighted = route.versions.iter().filter(|(_, (weight, _))| *weight > 0);
        let Some((artifact, _)) = weighted.next() else {
            continue;
        };
        if weighted.next().is_some() {
            return Err(PlanError::Split {
                service: request.service.clone(),
                host: facts.host.clone(),
            });
        }
        // A first version that was given up is still in its route, with nothing behind it.
        let behind = &route.versions[artifact].1;
        if facts
            .instances
            .iter()
            .any(|fact| fact.running && behind.contains(&fact.instance))
        {
            serving.push((facts.host.clone(), artifact.clone()));
        }
    }
    let Some((_, artifact)) = serving.first() else {
        return Ok(None);
    };
    if serving.iter().any(|(_, other)| other != artifact) {
        return Err(PlanError::Mixed {
            service: request.service.clone(),
            serving,
        });
    }
    let vsn = hosts
        .iter()
        .flat_map(|facts| &facts.instances)
        .find(|fact| &fact.artifact == artifact)
        .map_or_else(String::new, |fact| fact.vsn.clone());
    Ok(Some(Version {
        artifact: artifact.clone(),
        vsn,
    }))
}

/// Places the candidate's instances: on the way back those of it that are there, then the lowest slots in
/// which nothing of stable is. What else is in such a slot gives way. A deploy starts anew even what is
/// there: its settings may have changed.
fn place(request: &Request, facts: &HostFacts, stable: Option<&Version>) -> HostPlan {
    let serving: Vec<InstanceId> = stable
        .and_then(|stable| facts.route.as_ref()?.versions.get(&stable.artifact))
        .map(|(_, instances)| instances.clone())
        .unwrap_or_default();
    let wanted = request.instances_per_host as usize;
    let is_stable = |fact: &InstanceFact| {
        serving.contains(&fact.instance)
            || stable.is_some_and(|stable| fact.running && fact.artifact == stable.artifact)
    };
    let reuses = request.purpose == Purpose::Rollback;
    let mut candidate: Vec<Placement> = facts
        .instances
        .iter()
        .filter(|fact| reuses && fact.artifact == request.candidate.artifact && !is_stable(fact))
        .map(|fact| Placement {
            instance: fact.instance.clone(),
            slot: fact.slot,
            readiness: if fact.running {
                Readiness::Warm
            } else {
                Readiness::Stored
            },
        })
        .collect();
    candidate.sort_by_key(|placement| (placement.readiness != Readiness::Warm, placement.slot));
    candidate.truncate(wanted);
    let mut clear = Vec::new();
    let mut slot = 0;
    while candidate.len() < wanted {
        slot += 1;
        if candidate.iter().any(|placement| placement.slot == slot) {
            continue;
        }
        if let Some(fact) = facts.instances.iter().find(|fact| fact.slot == slot) {
            if is_stable(fact) {
                continue;
            }
            clear.push(fact.instance.clone());
        }
        candidate.push(Placement {
            instance: InstanceId::in_slot(&request.service, slot),
            slot,
            readiness: Readiness::Fresh,
        });
    }
    candidate.sort_by_key(|placement| placement.slot);
    HostPlan {
        host: facts.host.clone(),
        clear,
        candidate,
        stable: serving,
    }
}

fn warnings(
    request: &Request,
    plan: &Plan,
    hosts: &[HostFacts],
    mark: Option<&Mark>,
    current: Option<&ArtifactId>,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(mark) = mark {
        warnings.push(Warning::MarkedBad {
            why: mark.why.clone(),
        });
    }
    match &plan.stable {
        None => warnings.push(Warning::NoStable),
        Some(stable) => {
            warnings.push(Warning::BothRunJobs);
            if let Some(current) = current.filter(|current| **current != stable.artifact) {
                warnings.push(Warning::CurrentDiffers {
                    ledger: current.short().into(),
                    serving: stable.artifact.short().into(),
                });
            }
        }
    }
    let nodes = |plan: &Plan| -> Vec<String> {
        let slots = 1..=request.instances_per_host * if plan.stable.is_some() { 2 } else { 1 };
        slots
            .map(|slot| format!("{}_{slot}", request.node))
            .collect()
    };
    if request.applications.iter().any(|name| name == "libcluster") {
        warnings.push(Warning::ClusterSlots { nodes: nodes(plan) });
    }
    if request.applications.iter().any(|name| name == "mnesia") {
        warnings.push(Warning::MnesiaSlots { nodes: nodes(plan) });
    }
    if request.release_command.is_some() || request.purpose == Purpose::Rollback {
        warnings.push(Warning::SchemaStays);
    }
    let yielding: Vec<String> = hosts
        .iter()
        .zip(&plan.hosts)
        .flat_map(|(facts, plan)| {
            facts
                .instances
                .iter()
                .filter(|fact| fact.running && plan.clear.contains(&fact.instance))
        })
        .map(|fact| fact.instance.to_string())
        .collect();
    if !yielding.is_empty() {
        warnings.push(Warning::WarmGivesWay {
            instances: yielding,
        });
    }
    let movable = u64::from(plan.moving.sockets_per_second) * (plan.timing.drain_timeout_ms / 1000);
    if let Some(busiest) = hosts
        .iter()
        .map(|facts| facts.sockets_open)
        .max()
        .filter(|open| *open > movable)
    {
        warnings.push(Warning::SocketsOverBudget {
            open: busiest,
            movable,
        });
    }
    warnings
}
