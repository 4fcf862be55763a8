//! Where the candidate's instances go on a host.

use super::{HostFacts, HostPlan, InstanceFact, Placement, Purpose, Readiness, Request, Version};
use crate::name::InstanceId;

/// Places the candidate's instances: on the way back those of it that are there, then the lowest slots in
/// which nothing of stable is. What else is in such a slot gives way. A deploy starts anew even what is
/// there: its settings may have changed.
///
/// `own` is what the host serves, where an earlier rollout left it behind the others.
///
/// A hot upgrade places nothing: the instances of stable become the candidate.
pub(super) fn place(
    request: &Request,
    facts: &HostFacts,
    stable: Option<&Version>,
    own: Option<&Version>,
    hot: bool,
) -> HostPlan {
    let stable_version = own.filter(|own| Some(*own) != stable).cloned();
    let stable = own.or(stable);
    let serving: Vec<InstanceId> = stable
        .and_then(|stable| facts.route.as_ref()?.versions.get(&stable.artifact))
        .map(|(_, instances)| instances.clone())
        .unwrap_or_default();
    if hot {
        return HostPlan {
            host: facts.host.clone(),
            clear: Vec::new(),
            candidate: serving.iter().map(in_place).collect(),
            stable: serving,
            stable_version,
        };
    }
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
        stable_version,
    }
}

fn in_place(instance: &InstanceId) -> Placement {
    Placement {
        instance: instance.clone(),
        slot: instance.slot(),
        readiness: Readiness::Warm,
    }
}
