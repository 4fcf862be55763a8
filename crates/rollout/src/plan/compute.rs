//! Computes a plan from a request and what the hosts are.

use std::collections::BTreeMap;

use super::check::check;
use super::choose::choose;
use super::place::place;
use super::stable::{Serving, serving};
use super::warnings::warnings;
use super::{
    Background, Hook, LeftOut, Moving, Plan, PlanError, Purpose, ReleaseCommand, Strategy, Timing,
    Tolerance, Version, compile,
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
    /// Hosts that the ledger names as behind: they may serve another version than the rest.
    pub behind: Vec<HostId>,
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

/// Computes the plan.
///
/// `marks` are the artifacts marked bad, `current` what the ledger takes for the current version. Hosts that
/// have the candidate already, after a rollout that left others behind, are left out.
///
/// # Errors
/// Where the request cannot be carried out on these hosts; nothing was done.
pub fn compute(
    request: &Request,
    hosts: &[HostFacts],
    marks: &[Mark],
    current: Option<&ArtifactId>,
) -> Result<Plan, PlanError> {
    check(request, hosts)?;
    let Serving {
        stable,
        own,
        behind,
        up_to_date,
    } = serving(request, hosts, current)?;
    if stable.is_none() && request.purpose == Purpose::Rollback {
        return Err(PlanError::NothingToRollBack {
            service: request.service.clone(),
        });
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
    let (strategy, auto) = choose(request, &behind, stable.as_ref())?;
    let hot = matches!(strategy, Strategy::Hot(_));
    let unreachable = request.unreachable.iter();
    let left_out = up_to_date
        .into_iter()
        .map(|host| LeftOut::UpToDate { host })
        .chain(unreachable.map(|(host, detail)| LeftOut::Unreachable {
            host: host.clone(),
            detail: detail.clone(),
        }))
        .collect();
    let mut plan = Plan {
        service: request.service.clone(),
        purpose: request.purpose,
        strategy,
        auto,
        candidate: request.candidate.clone(),
        hosts: behind
            .iter()
            .map(|facts| place(request, facts, stable.as_ref(), own.get(&facts.host), hot))
            .collect(),
        left_out,
        stable,
        steps: Vec::new(),
        hooks: request.hooks.clone(),
        analyses: Vec::new(),
        background: request.background.clone(),
        timing: request.timing,
        tolerance: request.tolerance,
        moving: request.moving,
        release_command: match request.purpose {
            Purpose::Deploy => request.release_command.clone(),
            Purpose::Rollback => None,
        },
        sockets_open: behind.iter().map(|facts| facts.sockets_open).sum(),
        warnings: Vec::new(),
    };
    (plan.steps, plan.analyses) = compile(&plan, request.preview);
    plan.warnings = warnings(request, &plan, &behind, mark, current);
    Ok(plan)
}
