//! Makes a [`Snapshot`] of a rollout's state and of what was seen of its hosts.

use analysis::Outcome;
use rollout::{
    Diagram, Judged, Plan, Purpose, Rollout, Step, StepEnd, StepRef, StepSeen, Strategy, Taken,
    Tick, Verdict,
};

use super::{
    HealthView, HostView, InstanceView, Judgement, Side, Sights, Snapshot, StepState, StepView,
    Totals, VerbView, VersionName, WaitingView,
};
use crate::order::possible;

/// Everything a snapshot is made of.
pub(crate) struct Facts<'a> {
    pub(crate) rollout: &'a str,
    pub(crate) state: &'a Rollout,
    pub(crate) sights: &'a Sights,
    pub(crate) verbs: &'a [VerbView],
    pub(crate) driver: Option<String>,
    pub(crate) cause: Option<String>,
    pub(crate) now: Tick,
}

/// Makes the snapshot.
pub(crate) fn snapshot(facts: &Facts<'_>) -> Snapshot {
    let Facts { state, now, .. } = *facts;
    let plan = state.plan();
    let seen = state.seen();
    let current = state.current().map(|(step, _)| match step {
        StepRef::Plan(place) | StepRef::Back(place) => place as usize,
    });
    let turned = !state.way_back().is_empty();
    let steps = |list: &[Step], wanted: fn(u32) -> StepRef| {
        list.iter()
            .zip(0..)
            .map(|(step, place)| {
                let seen = seen.iter().rfind(|seen| seen.step == wanted(place));
                view(
                    plan,
                    step,
                    seen,
                    turned && wanted(place) == StepRef::Plan(place),
                )
            })
            .collect::<Vec<_>>()
    };
    let hosts = hosts(facts);
    let diagram = Diagram::with(plan, &Taken::of(state));
    Snapshot {
        rollout: facts.rollout.into(),
        service: plan.service.to_string(),
        at_ms: now.ms(),
        phase: state.phase().word(),
        finished: state.is_finished(),
        reversible: state.is_reversible(),
        decided: state.is_decided(),
        purpose: match plan.purpose {
            Purpose::Deploy => "deploy",
            Purpose::Rollback => "rollback",
        },
        strategy: strategy_word(&plan.strategy),
        stable: plan.stable.as_ref().map(version),
        candidate: version(&plan.candidate),
        driver: facts.driver.clone(),
        began_ms: seen.first().map(|seen| seen.began.ms()),
        steps: steps(&plan.steps, StepRef::Plan),
        way_back: steps(state.way_back(), StepRef::Back),
        current,
        deadline_ms: state.deadline().map(Tick::ms),
        waiting: state.waiting().map(|waiting| WaitingView {
            what: waiting.what.to_string(),
            since_ms: waiting.since.ms(),
            until_ms: waiting.until.map(Tick::ms),
        }),
        cause: facts.cause.clone(),
        total: totals(&hosts),
        hosts,
        left_out: plan.left_out.iter().map(ToString::to_string).collect(),
        analyses: state
            .judged()
            .iter()
            .map(|judged| judgement(state, judged))
            .collect(),
        mermaid: diagram.mermaid(),
        diagram,
        verbs: facts.verbs.to_vec(),
        possible: possible(state, now).map(|verb| verb.word()).collect(),
    }
}

fn view(plan: &Plan, step: &Step, seen: Option<&StepSeen>, turned: bool) -> StepView {
    let state = match seen.map(|seen| seen.end) {
        None if turned => StepState::Dropped,
        None | Some(Some(StepEnd::Interrupted)) => StepState::Ahead,
        Some(None) => StepState::UnderWay,
        Some(Some(StepEnd::Done)) => StepState::Done,
        Some(Some(StepEnd::Skipped)) => StepState::Skipped,
        Some(Some(StepEnd::GivenUp)) => StepState::GivenUp,
    };
    StepView {
        name: step.name.clone(),
        what: plan.does(step),
        gate: plan.gate(step),
        hosts: step.hosts.clone(),
        batch: step.batch,
        state,
        began_ms: seen.map(|seen| seen.began.ms()),
        ended_ms: seen.and_then(|seen| seen.ended).map(Tick::ms),
        expected_ms: step.expected_ms,
        longest_ms: step.longest_ms,
        notes: seen.map_or_else(Vec::new, |seen| seen.notes.clone()),
    }
}

fn hosts(facts: &Facts<'_>) -> Vec<HostView> {
    let hosts = facts.state.plan().hosts.iter();
    hosts
        .map(|plan| {
            let sight = facts.sights.host(&plan.host);
            let (stable, candidate) = sight.map(|sight| sight.traffic()).unwrap_or_default();
            let seen = facts.state.host_seen(&plan.host);
            let instances = sight.map(|sight| &sight.instances).into_iter().flatten();
            HostView {
                host: plan.host.to_string(),
                weight: seen.as_ref().and_then(|seen| seen.weight),
                aside: seen.as_ref().and_then(|seen| seen.aside.map(Into::into)),
                lost: seen.as_ref().and_then(|seen| seen.lost.map(Into::into)),
                refused: seen.as_ref().and_then(|seen| seen.refused.map(Into::into)),
                pending: seen.as_ref().is_some_and(|seen| seen.pending),
                is_final: seen.as_ref().is_some_and(|seen| seen.is_final),
                instances: instances
                    .map(|(instance, health)| InstanceView {
                        instance: instance.to_string(),
                        of: if plan.stable.contains(instance) {
                            Side::Stable
                        } else {
                            Side::Candidate
                        },
                        health: match health.verdict {
                            Verdict::Healthy => HealthView::Healthy,
                            Verdict::Unhealthy => HealthView::Unhealthy,
                            Verdict::Down => HealthView::Down,
                        },
                        detail: health.detail.clone(),
                        restarts: health.restarts,
                    })
                    .collect(),
                stable,
                candidate,
            }
        })
        .collect()
}

fn totals(hosts: &[HostView]) -> Totals {
    let mut total = Totals {
        hosts: hosts.len(),
        ..Totals::default()
    };
    for host in hosts {
        total.switched += usize::from(host.weight == Some(100));
        total.aside += usize::from(host.aside.is_some());
        total.lost += usize::from(host.lost.is_some());
        total.stable.add(&host.stable);
        total.candidate.add(&host.candidate);
    }
    total
}

fn version(version: &rollout::Version) -> VersionName {
    VersionName {
        artifact: version.artifact.to_string(),
        vsn: version.vsn.clone(),
    }
}

/// Says what an analysis found, in words.
fn judgement(state: &Rollout, judged: &Judged) -> Judgement {
    let (outcome, detail) = match &judged.outcome {
        Outcome::Running { detail } => ("running", detail),
        Outcome::Successful { detail } => ("successful", detail),
        Outcome::Failed { detail } => ("failed", detail),
        Outcome::Inconclusive { detail } => ("inconclusive", detail),
    };
    Judgement {
        step: state
            .step_of(judged.step)
            .map_or_else(String::new, |step| step.name.clone()),
        name: judged.name.clone(),
        outcome,
        detail: detail.clone(),
    }
}

/// Returns the word of a strategy.
pub(crate) fn strategy_word(strategy: &Strategy) -> &'static str {
    match strategy {
        Strategy::Hot(_) => "hot",
        Strategy::Rolling(_) => "rolling",
        Strategy::Canary(_) => "canary",
        Strategy::BlueGreen(_) => "blue-green",
        Strategy::Auto { .. } => "auto",
    }
}
