//! What the hosts are like, gathered for a plan.

use std::collections::BTreeMap;
use std::time::Duration;

use agent::api::v1::{InstanceState, InstanceStatus};
use proxy::control::v1::ServiceStatus;
use rollout::{ArtifactId, HostFacts, HostId, InstanceFact, InstanceId, RouteFact, ServiceKey};

use crate::error::Error;
use crate::host::{Host, HostError};

/// Time for one question.
const QUESTION: Duration = Duration::from_secs(30);

/// A host's facts, and the highest token that its agent knows.
pub(crate) struct Gathered {
    pub(crate) facts: HostFacts,
    pub(crate) token: u64,
    pub(crate) artifacts: Vec<(String, String)>,
}

impl Gathered {
    /// Says whether the host has an artifact.
    pub(crate) fn has(&self, artifact: &str) -> bool {
        self.artifacts.iter().any(|(id, _)| id == artifact)
    }
}

/// Asks a host for its facts.
pub(crate) async fn gather<H: Host>(
    id: &HostId,
    host: &H,
    service: &ServiceKey,
) -> Result<Gathered, Error> {
    let info = ask(id, "ask the agent", host.info()).await?;
    let artifacts = ask(id, "list artifacts", host.artifacts()).await?;
    let instances = ask(id, "list instances", host.instances()).await?;
    let route = optional(ask_host(host.routed(service.as_str())).await)
        .map_err(|e| failed(id, "read the route", e))?;
    let traffic = optional(ask_host(host.traffic(service.as_str())).await)
        .map_err(|e| failed(id, "read the counters", e))?;
    let sockets_open = traffic
        .iter()
        .flat_map(|traffic| traffic.versions.values())
        .map(|version| version.sockets_open + version.streams_open)
        .sum();
    let mut facts = Vec::new();
    for status in instances
        .iter()
        .filter(|status| status.service == service.as_str())
    {
        facts.push(instance(status)?);
    }
    facts.sort_by_key(|fact| fact.slot);
    Ok(Gathered {
        facts: HostFacts {
            host: id.clone(),
            instances: facts,
            route: route.as_ref().map(route_fact).transpose()?,
            sockets_open,
        },
        token: info.tokens.get(service.as_str()).copied().unwrap_or(0),
        artifacts: artifacts
            .into_iter()
            .map(|info| (info.artifact, info.vsn))
            .collect(),
    })
}

fn instance(status: &InstanceStatus) -> Result<InstanceFact, Error> {
    Ok(InstanceFact {
        instance: InstanceId::parse(&status.id)?,
        slot: status.slot,
        artifact: ArtifactId::parse(&status.artifact)?,
        vsn: status.vsn.clone(),
        running: matches!(
            status.state,
            InstanceState::Running | InstanceState::BackingOff
        ),
    })
}

fn route_fact(status: &ServiceStatus) -> Result<RouteFact, Error> {
    let mut versions = BTreeMap::new();
    for version in &status.config.versions {
        let mut instances = Vec::new();
        for backend in &version.backends {
            instances.push(InstanceId::parse(&backend.instance)?);
        }
        versions.insert(
            ArtifactId::parse(&version.artifact)?,
            (version.weight, instances),
        );
    }
    Ok(RouteFact { versions })
}

/// Asks a host once, for at most the time of a question.
pub(crate) async fn ask_host<T>(
    call: impl Future<Output = Result<T, HostError>>,
) -> Result<T, HostError> {
    tokio::time::timeout(QUESTION, call)
        .await
        .unwrap_or_else(|_| {
            Err(HostError::Unanswered {
                message: format!("no answer within {} s", QUESTION.as_secs()),
            })
        })
}

/// Asks a host once; any failure is an error.
pub(crate) async fn ask<T>(
    id: &HostId,
    operation: &'static str,
    call: impl Future<Output = Result<T, HostError>>,
) -> Result<T, Error> {
    ask_host(call).await.map_err(|e| failed(id, operation, e))
}

fn failed(id: &HostId, operation: &'static str, error: HostError) -> Error {
    let (host, detail) = (id.clone(), error.to_string());
    match error {
        HostError::Unanswered { .. } => Error::Unreachable {
            host,
            operation,
            detail,
        },
        _ => Error::Refused {
            host,
            operation,
            detail,
        },
    }
}

/// Turns an absent thing into none.
pub(crate) fn optional<T>(result: Result<T, HostError>) -> Result<Option<T>, HostError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(HostError::Absent { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use rollout::{
        Background, BlueGreen, Chosen, Moving, Plan, Purpose, Request, Strategy, Timing, Tolerance,
        Version,
    };

    /// A plan of a first deploy on these hosts.
    pub(crate) fn plan(hosts: &[&str]) -> Plan {
        let facts: Vec<_> = hosts
            .iter()
            .map(|host| HostFacts {
                host: HostId::parse(host).unwrap(),
                instances: Vec::new(),
                route: None,
                sockets_open: 0,
            })
            .collect();
        let request = Request {
            service: ServiceKey::parse("shop.production").unwrap(),
            purpose: Purpose::Deploy,
            strategy: Strategy::BlueGreen(BlueGreen {
                pre_promotion: None,
                pause: None,
                post_promotion: None,
            }),
            candidate: Version {
                artifact: ArtifactId::parse(&"b".repeat(64)).unwrap(),
                vsn: "2".into(),
            },
            chosen: Chosen::ByRule,
            instances_per_host: 1,
            node: "shop".into(),
            applications: Vec::new(),
            timing: Timing::USUAL,
            tolerance: Tolerance::USUAL,
            moving: Moving::USUAL,
            release_command: None,
            background: Background::default(),
            hooks: Vec::new(),
            preview: false,
            verdict: None,
            unreachable: Vec::new(),
            behind: Vec::new(),
        };
        rollout::compute(&request, &facts, &[], None).unwrap()
    }
}
