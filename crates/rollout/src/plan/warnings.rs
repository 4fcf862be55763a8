//! What a person should know of a plan.

use super::{Analysis, CanaryStep, HostFacts, Mark, Plan, Purpose, Request, Strategy, Warning};
use crate::name::ArtifactId;

pub(super) fn warnings(
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
            if both_run_jobs(plan) {
                warnings.push(Warning::BothRunJobs);
            }
            if let Some(current) = current.filter(|current| **current != stable.artifact) {
                warnings.push(Warning::CurrentDiffers {
                    ledger: current.short().into(),
                    serving: stable.artifact.short().into(),
                });
            }
        }
    }
    let behind = plan.hosts.iter().filter_map(|host| {
        let serves = host.stable_version.as_ref()?;
        Some(format!("{} ({})", host.host, serves.artifact.short()))
    });
    let behind: Vec<String> = behind.collect();
    if !behind.is_empty() {
        warnings.push(Warning::HostsBehind { hosts: behind });
    }
    let early = early_comparisons(plan);
    if let Some(analysis) = early.first() {
        warnings.push(Warning::NothingToCompare {
            metrics: !analysis.metrics.is_empty(),
        });
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
            let yielding = facts.instances.iter();
            let yielding =
                yielding.filter(|fact| fact.running && plan.clear.contains(&fact.instance));
            yielding.map(|fact| match hosts.len() {
                1 => fact.instance.to_string(),
                // The same names are on every host.
                _ => format!("{} on {}", fact.instance, facts.host),
            })
        })
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

/// Returns the analyses that compare before the candidate has traffic.
fn early_comparisons(plan: &Plan) -> Vec<&Analysis> {
    let compares =
        |analysis: &&Analysis| analysis.comparison.is_some() || analysis.latency.is_some();
    if plan.stable.is_none() || plan.purpose == Purpose::Rollback {
        return Vec::new();
    }
    match &plan.strategy {
        Strategy::BlueGreen(settings) => settings.pre_promotion.iter().filter(compares).collect(),
        Strategy::Canary(settings) => {
            let early = settings.steps.iter();
            let early = early.take_while(|step| !matches!(step, CanaryStep::SetWeight(_)));
            let analyses = early.filter_map(|step| match step {
                CanaryStep::Analysis(analysis) => Some(analysis),
                _ => None,
            });
            analyses.filter(compares).collect()
        }
        Strategy::Hot(_) | Strategy::Rolling(_) | Strategy::Auto { .. } => Vec::new(),
    }
}

/// Says whether jobs of both versions run at once: with a hot upgrade there are never two versions.
fn both_run_jobs(plan: &Plan) -> bool {
    let told = plan.background.activate.is_some() && plan.background.quiesce.is_some();
    !told && !matches!(plan.strategy, Strategy::Hot(_))
}
