//! Which version serves, and which hosts have the candidate already.

use std::collections::BTreeMap;

use super::{HostFacts, PlanError, Request, Version};
use crate::name::{ArtifactId, HostId};

/// What serves on a fleet.
pub(super) struct Serving {
    /// The version that serves on the hosts that are behind.
    pub(super) stable: Option<Version>,
    /// What serves on hosts that an earlier rollout left at another version.
    pub(super) own: BTreeMap<HostId, Version>,
    /// The hosts without the candidate.
    pub(super) behind: Vec<HostFacts>,
    /// The others.
    pub(super) up_to_date: Vec<HostId>,
}

/// Finds the version that serves: the one with all the weight on every proxy that has a route, but for
/// those that send it to the candidate already, and those that the ledger names as behind (invariant I3).
pub(super) fn serving(
    request: &Request,
    hosts: &[HostFacts],
    current: Option<&ArtifactId>,
) -> Result<Serving, PlanError> {
    let mut found: Vec<(HostId, ArtifactId)> = Vec::new();
    let mut up_to_date = Vec::new();
    for facts in hosts {
        match on_host(request, facts)? {
            Some(artifact) if artifact == request.candidate.artifact => {
                up_to_date.push(facts.host.clone());
            }
            Some(artifact) => found.push((facts.host.clone(), artifact)),
            None => {}
        }
    }
    let behind: Vec<HostFacts> = hosts
        .iter()
        .filter(|facts| !up_to_date.contains(&facts.host))
        .cloned()
        .collect();
    if behind.is_empty() {
        return Err(PlanError::ServesAlready {
            service: request.service.clone(),
            artifact: request.candidate.artifact.clone(),
        });
    }
    let is_behind = |host: &HostId| request.behind.contains(host);
    let in_line = found.iter().find(|(host, _)| !is_behind(host));
    let known = || found.iter().find(|(_, found)| Some(found) == current);
    let Some((_, artifact)) = in_line.or_else(known).or(found.first()) else {
        return Ok(Serving {
            stable: None,
            own: BTreeMap::new(),
            behind,
            up_to_date,
        });
    };
    let differs = |found: &&(HostId, ArtifactId)| found.1 != *artifact;
    if found
        .iter()
        .filter(differs)
        .any(|(host, _)| !is_behind(host))
    {
        return Err(PlanError::Mixed {
            service: request.service.clone(),
            serving: found,
        });
    }
    let version = |artifact: &ArtifactId| {
        let mut instances = hosts.iter().flat_map(|facts| &facts.instances);
        let fact = instances.find(|fact| &fact.artifact == artifact);
        Version {
            artifact: artifact.clone(),
            vsn: fact.map_or_else(String::new, |fact| fact.vsn.clone()),
        }
    };
    let own = found.iter().filter(differs);
    Ok(Serving {
        stable: Some(version(artifact)),
        own: own
            .map(|(host, artifact)| (host.clone(), version(artifact)))
            .collect(),
        behind,
        up_to_date,
    })
}

/// Returns what a host's proxy sends all traffic to, if there is something behind it.
fn on_host(request: &Request, facts: &HostFacts) -> Result<Option<ArtifactId>, PlanError> {
    let Some(route) = &facts.route else {
        return Ok(None);
    };
    let mut weighted = route.versions.iter().filter(|(_, (weight, _))| *weight > 0);
    let Some((artifact, (_, instances))) = weighted.next() else {
        return Ok(None);
    };
    if weighted.next().is_some() {
        return Err(PlanError::Split {
            service: request.service.clone(),
            host: facts.host.clone(),
        });
    }
    // A first version that was given up is still in its route, with nothing behind it.
    let runs = facts
        .instances
        .iter()
        .any(|fact| fact.running && instances.contains(&fact.instance));
    Ok(runs.then(|| artifact.clone()))
}
