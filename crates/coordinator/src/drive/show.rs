//! Turns what happens into progress for a person, and keeps what a snapshot is made of.

use std::collections::{BTreeMap, BTreeSet};

use ledger::wire::v1::Holder;
use proxy::control::v1::Traffic;
use rollout::{
    Effect, Event, HostId, InstanceId, Phase, Plan, Rollout, StepRef, StepSeen, Tick, Verdict,
};

use super::Before;
use crate::errand::Notice;
use crate::interpret::Moment;
use crate::observe::traffic_seen;
use crate::order::{nothing, verb_of};
use crate::outcome::reason;
use crate::progress::{Observer, Progress};
use crate::view::{self, Sights, Snapshot, VerbView};

/// What a person was shown last.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    health: BTreeMap<(HostId, InstanceId), (bool, String)>,
    lost: BTreeSet<HostId>,
    counted: BTreeMap<HostId, (u64, u64, u64)>,
    sights: Sights,
    verbs: Vec<VerbView>,
    /// Whether a step of the engine changed something since the last snapshot, or anything was seen.
    changed: bool,
    seen: bool,
    /// What webhooks were told last.
    told: Option<(Phase, Option<StepRef>)>,
}

impl Shown {
    /// Goes on with the verbs that the journal has.
    pub(crate) fn with_verbs(verbs: Vec<VerbView>) -> Self {
        Self {
            verbs,
            ..Self::default()
        }
    }

    /// Returns what people asked for.
    pub(super) fn verbs(&self) -> &[VerbView] {
        &self.verbs
    }

    /// Shows health where it changed, and hosts that come and go.
    pub(super) fn event(&mut self, event: &Event, observer: &mut dyn Observer) {
        self.sights.event(event);
        self.seen = true;
        match event {
            Event::Observed { host, seen } => {
                if self.lost.remove(host) {
                    observer.on(&Progress::HostBack {
                        host: host.to_string(),
                    });
                }
                for (instance, health) in &seen.instances {
                    let healthy = health.verdict == Verdict::Healthy;
                    let words = if healthy {
                        String::new()
                    } else {
                        health.detail.clone()
                    };
                    let now = (healthy, words);
                    let key = (host.clone(), instance.clone());
                    if self.health.get(&key) != Some(&now) {
                        observer.on(&Progress::Health {
                            host: host.to_string(),
                            instance: instance.to_string(),
                            healthy,
                            detail: health.detail.clone(),
                        });
                        self.health.insert(key, now);
                    }
                }
            }
            Event::Lost { host, detail } if self.lost.insert(host.clone()) => {
                observer.on(&Progress::HostLost {
                    host: host.to_string(),
                    detail: detail.clone(),
                });
            }
            _ => {}
        }
    }

    /// Keeps what a person asked for, once it had an effect.
    pub(super) fn verb(&mut self, event: &Event, now: Tick) {
        self.verbs.extend(view::verb(event, now));
    }

    /// Tells a person whose verb changed nothing why that is so.
    pub(super) fn unchanged(&self, state: &Rollout, event: &Event, observer: &mut dyn Observer) {
        if let Some((verb, by, _)) = verb_of(event) {
            let why = nothing(state, verb);
            observer.on(&Progress::Warning {
                text: format!("`{}` by {by} does {why}", verb.word()),
            });
        }
    }

    /// Shows what a step changed.
    pub(super) fn step(
        &mut self,
        before: Before,
        after: &Rollout,
        event: &Event,
        effects: &[Effect],
        observer: &mut dyn Observer,
    ) {
        self.changed = true;
        if let Some((verb, by, why)) = verb_of(event) {
            observer.on(&Progress::Told {
                verb: verb.word(),
                by: by.into(),
                why: why.map(Into::into),
            });
        }
        let turned_back = !before.given_up && !after.is_reversible() && !after.is_decided();
        if let (true, Some(cause)) = (turned_back, after.cause()) {
            observer.on(&Progress::Reverting {
                cause: cause.to_string(),
            });
        }
        steps(before, after, observer);
        if let (false, Some(waiting)) = (before.waiting, after.waiting()) {
            observer.on(&Progress::Paused {
                why: waiting.what.to_string(),
            });
        }
        for effect in effects {
            match effect {
                Effect::Do { host, action, .. } => observer.on(&Progress::Asked {
                    host: host.to_string(),
                    what: action.to_string(),
                }),
                Effect::Ask { errand, .. } => observer.on(&Progress::Errand {
                    what: errand.to_string(),
                }),
                Effect::SetAside { host, why } => observer.on(&Progress::SetAside {
                    host: host.to_string(),
                    why: why.clone(),
                }),
                Effect::Decide { artifact } => observer.on(&Progress::Decided {
                    artifact: artifact.to_string(),
                }),
                Effect::Halt => {
                    let (phase, finished) = (after.phase().word(), after.is_finished());
                    observer.on(&Progress::Ended { phase, finished });
                }
                Effect::WakeAt(_) | Effect::MarkBad { .. } => {}
            }
        }
    }

    /// Shows a host's counters as a rate since the last time.
    pub(super) fn traffic(
        &mut self,
        host: &HostId,
        traffic: &Traffic,
        plan: &Plan,
        now_ms: u64,
        observer: &mut dyn Observer,
    ) {
        self.sights.counted(host, traffic, plan, now_ms);
        self.seen = true;
        let requests: u64 = traffic
            .versions
            .values()
            .map(|version| version.requests)
            .sum();
        let failed: u64 = traffic
            .versions
            .values()
            .map(|version| version.failed)
            .sum();
        let last = self
            .counted
            .insert(host.clone(), (traffic.epoch, now_ms, requests));
        let Some((epoch, then_ms, then)) = last else {
            return;
        };
        if epoch != traffic.epoch || now_ms <= then_ms {
            return;
        }
        let seen = traffic_seen(traffic, plan, None);
        observer.on(&Progress::Traffic {
            host: host.to_string(),
            requests_per_s: requests.saturating_sub(then) as f64 * 1000.0
                / (now_ms - then_ms) as f64,
            failed,
            stable_open: seen.stable.open,
            candidate_open: seen.candidate.open,
        });
    }

    /// Says whether a snapshot would differ from the last one.
    pub(super) fn is_new(&self) -> bool {
        self.changed || self.seen
    }

    /// Has the next snapshot made in any case.
    pub(super) fn changed(&mut self) {
        self.changed = true;
    }

    /// Makes a snapshot.
    pub(super) fn snapshot(
        &mut self,
        rollout: &str,
        state: &Rollout,
        holder: &Holder,
        now: Tick,
    ) -> Snapshot {
        (self.changed, self.seen) = (false, false);
        view::snapshot(&view::Facts {
            rollout,
            state,
            sights: &self.sights,
            verbs: &self.verbs,
            driver: (!state.is_halted()).then(|| crate::lease::who(holder)),
            cause: reason(state),
            now,
        })
    }

    /// Says whether phase or step changed since this was asked last.
    pub(super) fn moved_on(&mut self, state: &Rollout) -> bool {
        let stands = (state.phase(), state.current().map(|(step, _)| step));
        self.told.replace(stands) != Some(stands)
    }
}

/// Makes what webhooks are to be told of where a rollout stands.
pub(super) fn notice(state: &Rollout, moment: Moment, now: Tick) -> Notice {
    let (plan, current) = (state.plan(), state.current());
    let doing = current
        .map(|(_, step)| format!(": {} ({})", step.name, plan.does(step)))
        .unwrap_or_default();
    let cause = reason(state).map_or_else(String::new, |why| format!("; {why}"));
    Notice {
        moment,
        step: match current {
            Some((StepRef::Plan(place), _)) => Some(place),
            Some((StepRef::Back(_), _)) | None => None,
        },
        message: format!("{} {}{doing}{cause}", plan.service, state.phase().word()),
        warning: matches!(
            state.phase(),
            Phase::Paused | Phase::Degraded | Phase::Aborted
        ),
        at_ms: now.ms(),
    }
}

/// Shows steps that began or ended.
fn steps(before: Before, after: &Rollout, observer: &mut dyn Observer) {
    // Of what was there before, only the last one may have got its end.
    let from = before.steps.saturating_sub(1);
    for (place, step) in after.seen().iter().enumerate().skip(from) {
        let is_new = place >= before.steps;
        let name = name(after, step);
        if is_new {
            observer.on(&Progress::StepStarted {
                step: name.clone(),
                at_ms: step.began.ms(),
            });
        }
        if let Some(ended) = step.ended
            && (is_new || !before.ended)
        {
            observer.on(&Progress::StepFinished {
                step: name,
                took_ms: ended.since(step.began),
            });
        }
    }
}

fn name(state: &Rollout, seen: &StepSeen) -> String {
    let step = match seen.step {
        StepRef::Plan(place) => state.plan().steps.get(place as usize),
        StepRef::Back(place) => state.way_back().get(place as usize),
    };
    step.map_or_else(String::new, |step| step.name.clone())
}
