//! Analyses: the proxies' figures of both versions, summed over the fleet, and values from elsewhere.
//!
//! Each host's counters are taken at most once an interval, so that the journal of a large fleet stays
//! small; both versions' from the same instant, so that the baseline is fresh.

use analysis::{
    Comparison, Counts, LatencyBound, LatencyComparison, Look, Measurement, Outcome as Judgement,
    Threshold,
};

use crate::cause::Cause;
use crate::effect::{EffectId, Errand};
use crate::event::{Observation, Reply, Tally};
use crate::machine::Outcome;
use crate::plan::Analysis;
use crate::seen::{Judged, StepRef, WaitFor};
use crate::state::Rollout;
use crate::task::Task;
use crate::tick::Tick;

/// An analysis under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judging {
    place: u32,
    /// Whether it compares with stable as it is now, not as it was before the switch.
    beside: bool,
    errors: Option<Comparison>,
    latency: Option<LatencyComparison>,
    metrics: Vec<Measured>,
    /// Intervals that were looked at.
    round: u64,
    /// What was counted since.
    stable: Sums,
    candidate: Sums,
    /// Whether its time is up, and only answers are waited for.
    closing: bool,
    over: bool,
}

/// A metric under way.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Measured {
    name: String,
    threshold: Threshold,
    interval_ms: u64,
    /// When it is measured next.
    next: Tick,
    round: u32,
    asked: bool,
}

/// Increments of one version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    bad: Counts,
    slow: Counts,
}

impl Sums {
    fn add(&mut self, now: &Tally, before: &Tally) {
        let bad = |tally: &Tally| Counts::new(tally.requests, tally.bad);
        let slow = |tally: &Tally| Counts::new(tally.requests, tally.slow);
        self.bad = self.bad.plus(bad(now).since(bad(before)));
        self.slow = self.slow.plus(slow(now).since(slow(before)));
    }
}

impl Rollout {
    pub(crate) fn is_judged(&self) -> bool {
        self.at.judging.as_ref().is_none_or(|judging| judging.over)
    }

    /// Keeps what the step's analysis compared for the next one: one comparison over all steps, as each new
    /// one may raise a false alarm of its own.
    pub(crate) fn keep_compared(&mut self) {
        if let Some(judging) = self.at.judging.take().filter(|judging| judging.beside) {
            self.compared = Some(judging);
        }
    }

    pub(crate) fn begin_judging(&mut self, place: u32, out: &mut Outcome) {
        let plan = self.plan.clone();
        let Some(analysis) = plan.analyses.get(place as usize) else {
            return;
        };
        let before = self.stable_before();
        let kept = self.compared.take().filter(|_| before.is_none());
        let of_kept = kept
            .as_ref()
            .and_then(|kept| plan.analyses.get(kept.place as usize));
        let same_errors = of_kept.is_some_and(|kept| kept.comparison == analysis.comparison);
        let same_latency = of_kept.is_some_and(|kept| kept.latency == analysis.latency);
        let (errors, latency) = kept.map_or((None, None), |kept| (kept.errors, kept.latency));
        let metrics = analysis.metrics.iter().map(|metric| Measured {
            name: metric.name.clone(),
            threshold: Threshold::new(metric.threshold),
            interval_ms: metric.threshold.interval_ms,
            next: out.now,
            round: 0,
            asked: false,
        });
        self.at.judging = Some(Judging {
            place,
            beside: before.is_none(),
            errors: errors.filter(|_| same_errors).or_else(|| {
                Some(match (analysis.comparison?, before) {
                    (settings, Some(before)) => Comparison::after_switch(settings, before.bad),
                    (settings, None) => Comparison::new(settings),
                })
            }),
            latency: latency.filter(|_| same_latency).or_else(|| {
                let settings = analysis.latency?;
                let LatencyBound::Us(bound_us) = settings.bound else {
                    return None;
                };
                Some(match before {
                    Some(before) => {
                        LatencyComparison::after_switch(settings.comparison, bound_us, before.slow)
                    }
                    None => LatencyComparison::new(settings.comparison, bound_us),
                })
            }),
            metrics: metrics.collect(),
            round: 0,
            stable: Sums::default(),
            candidate: Sums::default(),
            closing: false,
            over: false,
        });
        self.measure(out);
    }

    /// Returns what stable counted before the switch, once the candidate has all traffic.
    fn stable_before(&self) -> Option<Sums> {
        let step = self.current()?.1;
        let switched = step.hosts.iter().all(|place| {
            let host = &self.hosts[*place as usize];
            host.aside.is_some() || host.weight == Some(100)
        });
        if !switched {
            return None;
        }
        let mut sums = Sums::default();
        for place in &step.hosts {
            if let Some(baseline) = &self.hosts[*place as usize].baseline {
                sums.add(&baseline.stable, &Tally::default());
            }
        }
        Some(sums)
    }

    /// Takes a host's counters, at most once an interval.
    pub(crate) fn count(&mut self, place: u32, seen: &Observation, out: &Outcome) {
        let Some(analysis) = self.analysis_under_way() else {
            return;
        };
        let in_step = self
            .current()
            .map(|(_, step)| step.hosts.binary_search(&place));
        if in_step.is_none_or(|found| found.is_err()) {
            return;
        }
        let round = out.now.since(self.since) / analysis.interval_ms.max(1);
        let host = &mut self.hosts[place as usize];
        match host.counted {
            Some((taken, _)) if taken >= round => return,
            Some((_, before)) => {
                let Some(judging) = &mut self.at.judging else {
                    return;
                };
                let before = if before.epoch == seen.traffic.epoch {
                    before
                } else {
                    crate::event::TrafficSeen::default()
                };
                judging.stable.add(&seen.traffic.stable, &before.stable);
                judging
                    .candidate
                    .add(&seen.traffic.candidate, &before.candidate);
            }
            None => {}
        }
        host.counted = Some((round, seen.traffic));
    }

    fn analysis_under_way(&self) -> Option<&Analysis> {
        let judging = self.at.judging.as_ref().filter(|judging| !judging.over)?;
        self.plan.analyses.get(judging.place as usize)
    }

    /// Looks at what is known at the end of an interval, and concludes at the end of all.
    pub(crate) fn look(&mut self, out: &mut Outcome) {
        let Some(analysis) = self.analysis_under_way() else {
            return;
        };
        let (interval_ms, for_ms) = (analysis.interval_ms.max(1), analysis.for_ms);
        let lasted_ms = out.now.since(self.since);
        let round = lasted_ms / interval_ms;
        let late = self.deadline().is_some_and(|deadline| deadline <= out.now);
        let Some(judging) = &mut self.at.judging else {
            return;
        };
        if round > judging.round {
            judging.round = round;
            let stable = std::mem::take(&mut judging.stable);
            let candidate = std::mem::take(&mut judging.candidate);
            if let Some(errors) = &mut judging.errors {
                errors.see(stable.bad, candidate.bad);
            }
            if let Some(latency) = &mut judging.latency {
                latency.see(stable.slow, candidate.slow);
            }
            out.changed = true;
        }
        let asked = judging.metrics.iter().any(|metric| metric.asked);
        if lasted_ms >= for_ms && (!asked || late) {
            return self.conclude(Look::Last, out);
        }
        judging.closing = lasted_ms >= for_ms;
        self.conclude(Look::Midway, out);
        self.measure(out);
    }

    /// Asks for the metrics that are due.
    fn measure(&mut self, out: &mut Outcome) {
        let Some(judging) = &mut self.at.judging else {
            return;
        };
        let place = judging.place;
        let mut due = Vec::new();
        for (i, metric) in (0u32..).zip(&mut judging.metrics) {
            let decided = metric.threshold.outcome(Look::Midway).is_decided();
            if !judging.over
                && !judging.closing
                && !metric.asked
                && !decided
                && metric.next <= out.now
            {
                metric.asked = true;
                metric.round += 1;
                metric.next = out.now.after(metric.interval_ms.max(1));
                due.push((i, metric.round));
            }
        }
        for (metric, round) in due {
            let errand = Errand::Measure {
                analysis: place,
                metric,
                round,
            };
            self.ask_errand(Task::Measure(metric, round), errand, out);
        }
    }

    pub(crate) fn measured(&mut self, id: EffectId, metric: u32, reply: Reply, out: &mut Outcome) {
        let measurement = match reply {
            Reply::Measured(measurement) => measurement,
            Reply::Refused { detail } => Measurement::Error(detail),
            // It is being asked for again.
            Reply::Unknown { .. } | Reply::Done { .. } | Reply::Ran(_) => return,
        };
        self.outstanding.remove(&id);
        out.changed = true;
        let judging = self.at.judging.as_mut();
        let metric = judging.and_then(|judging| judging.metrics.get_mut(metric as usize));
        if let Some(metric) = metric {
            metric.asked = false;
            metric.threshold.see(measurement);
        }
        self.look(out);
    }

    /// Acts on what was judged: a failure at once, the rest at the end.
    fn conclude(&mut self, look: Look, out: &mut Outcome) {
        let (Some(step), Some(judging)) = (self.step_ref(), &self.at.judging) else {
            return;
        };
        let judged = judging.outcomes(step, look);
        let failed = judged
            .iter()
            .find(|judged| matches!(judged.outcome, Judgement::Failed { .. }))
            .map(|judged| (judged.name.clone(), judged.outcome.detail().to_owned()));
        if look == Look::Midway && failed.is_none() {
            return;
        }
        let unclear: Vec<String> = judged
            .iter()
            .filter(|judged| matches!(judged.outcome, Judgement::Inconclusive { .. }))
            .map(|judged| format!("{}: {}", judged.name, judged.outcome.detail()))
            .collect();
        self.judged.extend(judged);
        out.changed = true;
        if let Some(judging) = &mut self.at.judging {
            judging.over = true;
        }
        if let Some((name, detail)) = failed {
            let step = self.step_of(step).map(|step| step.name.clone());
            let step = step.unwrap_or_default();
            return self.give_up(Cause::AnalysisFailed { step, name, detail }, out);
        }
        if !unclear.is_empty() {
            let detail = unclear.join("; ");
            self.begin_wait(WaitFor::Inconclusive { detail }, out);
        }
    }

    /// Returns when something of the analysis is due.
    pub(crate) fn next_look(&self) -> Option<Tick> {
        let analysis = self.analysis_under_way()?;
        let judging = self
            .at
            .judging
            .as_ref()
            .filter(|judging| !judging.closing)?;
        let end = self.since.after(analysis.for_ms);
        let intervals = judging.round.saturating_add(1);
        let interval = self
            .since
            .after(analysis.interval_ms.saturating_mul(intervals));
        let due = judging
            .metrics
            .iter()
            .filter(|metric| !metric.asked && !metric.threshold.outcome(Look::Midway).is_decided());
        due.map(|metric| metric.next).chain([interval, end]).min()
    }
}

impl Judging {
    fn outcomes(&self, step: StepRef, look: Look) -> Vec<Judged> {
        let judged = |name: &str, outcome: Judgement| Judged {
            step,
            name: name.into(),
            outcome,
        };
        let errors = self
            .errors
            .iter()
            .map(|it| judged("errors", it.outcome(look)));
        let latency = self
            .latency
            .iter()
            .map(|it| judged("latency", it.outcome(look)));
        let metrics = self
            .metrics
            .iter()
            .map(|metric| judged(&metric.name, metric.threshold.outcome(look)));
        errors.chain(latency).chain(metrics).collect()
    }
}
