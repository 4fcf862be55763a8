//! Chooses the strategy of a plan: what `auto` makes of the verdict, and what a hot upgrade needs.

use super::{
    AutoChoice, BlueGreen, HostFacts, Hot, PlanError, Purpose, Request, Strategy, Version,
};

/// Chooses; where another strategy was configured than is taken, the reasons are said.
pub(super) fn choose(
    request: &Request,
    hosts: &[HostFacts],
    stable: Option<&Version>,
) -> Result<(Strategy, Option<AutoChoice>), PlanError> {
    match &request.strategy {
        Strategy::Auto { hot, fallback } => Ok(match hot_or_not(request, hosts, stable) {
            Ok(reasons) => (Strategy::Hot(*hot), Some(AutoChoice { hot: true, reasons })),
            Err(reasons) => (
                (**fallback).clone(),
                Some(AutoChoice {
                    hot: false,
                    reasons,
                }),
            ),
        }),
        Strategy::Hot(hot) => explicit(*hot, request, hosts, stable),
        strategy => Ok((strategy.clone(), None)),
    }
}

/// A hot upgrade that was asked for is never silently another one. But what serves nothing yet, or has to
/// go back without a way proven, is started beside.
fn explicit(
    hot: Hot,
    request: &Request,
    hosts: &[HostFacts],
    stable: Option<&Version>,
) -> Result<(Strategy, Option<AutoChoice>), PlanError> {
    let reasons = match (hot_or_not(request, hosts, stable), stable) {
        (Ok(_), _) => return Ok((Strategy::Hot(hot), None)),
        (Err(reasons), Some(stable)) if request.purpose == Purpose::Deploy => {
            return Err(PlanError::NotHot {
                from: stable.artifact.clone(),
                to: request.candidate.artifact.clone(),
                reasons,
            });
        }
        (Err(reasons), _) => reasons,
    };
    Ok((
        Strategy::BlueGreen(BlueGreen::PLAIN),
        Some(AutoChoice {
            hot: false,
            reasons,
        }),
    ))
}

/// Returns why it can be done hot, or why not.
fn hot_or_not(
    request: &Request,
    hosts: &[HostFacts],
    stable: Option<&Version>,
) -> Result<Vec<String>, Vec<String>> {
    let Some(stable) = stable else {
        return Err(vec!["nothing serves yet".into()]);
    };
    let without = hosts.iter().find(|facts| {
        let route = facts.route.as_ref();
        route.is_none_or(|route| !route.versions.contains_key(&stable.artifact))
    });
    if let Some(facts) = without {
        return Err(vec![format!("nothing serves on {} yet", facts.host)]);
    }
    match &request.verdict {
        None => Err(vec!["no comparison of the two releases was made".into()]),
        Some(verdict) if verdict.safe => Ok(verdict.reasons.clone()),
        Some(verdict) => Err(verdict.reasons.clone()),
    }
}
