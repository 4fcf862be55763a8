//! Turns what happens into progress for a person.

use std::collections::{BTreeMap, BTreeSet};

use proxy::control::v1::Traffic;
use rollout::{Effect, Event, HostId, InstanceId, Plan, Rollout, Verdict};

use crate::observe::traffic_seen;
use crate::progress::{Observer, Progress};

/// What a person was shown last.
#[derive(Debug, Default)]
pub(super) struct Shown {
    health: BTreeMap<(HostId, InstanceId), (bool, String)>,
    lost: BTreeSet<HostId>,
    counted: BTreeMap<HostId, (u64, u64, u64)>,
}

impl Shown {
    /// Shows health where it changed, and hosts that come and go.
    pub(super) fn event(&mut self, event: &Event, observer: &mut dyn Observer) {
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

    /// Shows what a step changed.
    pub(super) fn step(
        &mut self,
        before: &Rollout,
        after: &Rollout,
        effects: &[Effect],
        observer: &mut dyn Observer,
    ) {
        let turned_back = before.cause().is_none() && !after.is_reversible() && !after.is_decided();
        if let (true, Some(cause)) = (turned_back, after.cause()) {
            observer.on(&Progress::Reverting {
                cause: cause.to_string(),
            });
        }
        for (i, step) in after.times().iter().enumerate() {
            let earlier = before.times().get(i);
            if earlier.is_none() {
                observer.on(&Progress::StepStarted {
                    step: step.name,
                    at_ms: step.began.ms(),
                });
            }
            if let (Some(ended), None) = (step.ended, earlier.and_then(|earlier| earlier.ended)) {
                observer.on(&Progress::StepFinished {
                    step: step.name,
                    took_ms: ended.since(step.began),
                });
            }
        }
        for effect in effects {
            match effect {
                Effect::Do { host, action, .. } => {
                    observer.on(&Progress::Asked {
                        host: host.to_string(),
                        what: action.to_string(),
                    });
                }
                Effect::Decide { artifact } => observer.on(&Progress::Decided {
                    artifact: artifact.to_string(),
                }),
                Effect::Halt => {
                    if let (rollout::Phase::Paused, Some(why)) =
                        (after.phase(), super::reason(after))
                    {
                        observer.on(&Progress::Paused { why });
                    }
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
        let seen = traffic_seen(traffic, plan);
        observer.on(&Progress::Traffic {
            host: host.to_string(),
            requests_per_s: requests.saturating_sub(then) as f64 * 1000.0
                / (now_ms - then_ms) as f64,
            failed,
            stable_open: seen.stable.open,
            candidate_open: seen.candidate.open,
        });
    }
}
