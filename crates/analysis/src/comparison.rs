//! The candidate's bad requests beside stable's of the same time.

use crate::counts::{Counts, hundredths};
use crate::excess::Excess;
use crate::good::Good;
use crate::information::{rate_at_least, rate_at_most};
use crate::outcome::{Look, Outcome};
use crate::settings::ComparisonSettings;
use crate::worse::{Against, Taming, Worse};

/// With fewer requests than this of either version, an interval is put together with the next.
const REQUESTS_MIN: u64 = 5;

/// Compares rates of bad requests, interval by interval.
///
/// Feed it increments of the same intervals for both versions, beginning when the candidate has its
/// traffic: stable's history is no baseline. It may be asked after every interval. Intervals with next to
/// no requests are put together until each version has five; how many of them were bad plays no part in
/// that, so the rates of error hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    settings: ComparisonSettings,
    baseline: Baseline,
    worse: Worse,
    good: Good,
    excess: Excess,
    /// How many intervals were judged.
    intervals: u64,
    /// Stable's and the candidate's counts that were not judged yet. Nor are they at the end: they would be
    /// judged twice where a comparison goes on after a look that was to be the last.
    pending: (Counts, Counts),
    /// All counts.
    stable: Counts,
    candidate: Counts,
}

/// What the candidate is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Baseline {
    /// Stable, which has traffic at the same time.
    Beside,
    /// Stable as it was before all traffic went to the candidate.
    Before(Counts),
}

impl Comparison {
    /// Compares with stable, which has traffic beside the candidate. Settings out of their range are
    /// brought into it; [`ComparisonSettings::check`] tells of them beforehand.
    pub fn new(settings: ComparisonSettings) -> Self {
        Self::with(settings, Baseline::Beside)
    }

    /// Compares with stable's counts from before all traffic went to the candidate.
    ///
    /// That is weaker: what changed since for other reasons than the candidate counts against it. The
    /// rates of errors hold if stable's rate would not have changed. With no counts of stable at all the
    /// candidate can be shown to be within the margin, but never to be worse.
    pub fn after_switch(settings: ComparisonSettings, stable_before: Counts) -> Self {
        Self::with(settings, Baseline::Before(stable_before.whole()))
    }

    fn with(settings: ComparisonSettings, baseline: Baseline) -> Self {
        Self {
            settings: settings.clamped(),
            baseline,
            worse: Worse::new(),
            good: Good::new(),
            excess: Excess::new(),
            intervals: 0,
            pending: (Counts::NONE, Counts::NONE),
            stable: match baseline {
                Baseline::Beside => Counts::NONE,
                Baseline::Before(counts) => counts,
            },
            candidate: Counts::NONE,
        }
    }

    /// Takes the increments of one interval. After a switch, stable's do not count.
    pub fn see(&mut self, stable: Counts, candidate: Counts) {
        let (stable, candidate) = (stable.whole(), candidate.whole());
        self.candidate = self.candidate.plus(candidate);
        match self.baseline {
            Baseline::Beside => {
                self.stable = self.stable.plus(stable);
                let (of_stable, of_candidate) = self.pending;
                self.pending = (of_stable.plus(stable), of_candidate.plus(candidate));
                let enough = |counts: Counts| counts.requests >= REQUESTS_MIN;
                if enough(self.pending.0) && enough(self.pending.1) {
                    self.judge_pending();
                }
            }
            Baseline::Before(before) => self.judge_alone(before, candidate),
        }
    }

    fn judge_pending(&mut self) {
        let (stable, candidate) = std::mem::take(&mut self.pending);
        let (margin, together) = (self.settings.margin(), self.settings.together());
        self.intervals += 1;
        self.worse
            .see(Against::Beside(stable), candidate, self.taming());
        self.good.see(stable, candidate, margin, together);
        self.excess.see(stable, candidate);
    }

    fn judge_alone(&mut self, before: Counts, candidate: Counts) {
        if candidate.requests == 0 {
            return;
        }
        let (margin, together) = (self.settings.margin(), self.settings.together());
        self.intervals += 1;
        let highest = rate_at_most(before, together * self.alarm_at());
        let lowest = rate_at_least(before, together * self.good_at());
        let rate = before.bad as f64 / before.requests.max(1) as f64;
        self.worse
            .see(Against::Rate(highest), candidate, self.taming());
        self.good.see_alone(candidate, lowest + margin, together);
        self.excess.see_alone(candidate, rate);
    }

    /// Says what is known.
    pub fn outcome(&self, look: Look) -> Outcome {
        self.outcome_of(look, "failed or were answered 5xx")
    }

    /// Says what is known; `bad` says what the candidate's bad requests did.
    pub(crate) fn outcome_of(&self, look: Look, bad: &str) -> Outcome {
        if self.is_worse() {
            let detail = format!(
                "{}; one that is no worse shows this in fewer than one of {} rollouts",
                self.seen(bad),
                1000 / self.settings.false_alarms_permille
            );
            Outcome::Failed { detail }
        } else if self.is_good() {
            let detail = format!(
                "{}; that is worse by less than {} points",
                self.seen(bad),
                hundredths(u128::from(self.settings.margin_ppm))
            );
            Outcome::Successful { detail }
        } else {
            let missing = self.missing(bad);
            match look {
                Look::Midway => Outcome::Running { detail: missing },
                Look::Last => Outcome::Inconclusive {
                    detail: format!("not enough data: {missing}"),
                },
            }
        }
    }

    /// Returns all that was counted: stable's and the candidate's.
    pub fn counted(&self) -> (Counts, Counts) {
        (self.stable, self.candidate)
    }

    /// Returns about how many requests of the candidate it takes to show that it is good enough, where that
    /// can be told: it needs to know how traffic is split.
    pub fn requests_wanted(&self) -> Option<u64> {
        let (margin, together) = (self.settings.margin(), self.settings.together());
        let nats = self.good_at();
        match self.baseline {
            Baseline::Beside => Good::wanted(self.stable, self.candidate, margin, together, nats),
            Baseline::Before(before) => {
                let claimed = rate_at_least(before, together * nats) + margin;
                Good::wanted(Counts::NONE, self.candidate, claimed, together, nats)
            }
        }
    }

    fn is_worse(&self) -> bool {
        self.worse.peak() >= self.alarm_at() && self.excess.exceeds(self.settings.margin())
    }

    fn is_good(&self) -> bool {
        self.good.peak() >= self.good_at()
            && self.intervals >= u64::from(self.settings.intervals_min)
    }

    fn alarm_at(&self) -> f64 {
        self.settings.alarm_at() + self.unknown_baseline()
    }

    fn good_at(&self) -> f64 {
        self.settings.good_at() + self.unknown_baseline()
    }

    /// After a switch half of each chance of error is spent on stable's rate.
    fn unknown_baseline(&self) -> f64 {
        match self.baseline {
            Baseline::Beside => 0.0,
            Baseline::Before(_) => std::f64::consts::LN_2,
        }
    }

    /// The most that one interval may say: one fewer than `intervals_min` of them do not decide.
    fn taming(&self) -> Taming {
        Taming {
            together: self.settings.together(),
            interval_max: match self.settings.intervals_min {
                0 | 1 => f64::INFINITY,
                intervals => self.alarm_at() / f64::from(intervals - 1) * 0.999,
            },
        }
    }

    fn seen(&self, bad: &str) -> String {
        let when = match self.baseline {
            Baseline::Beside => "in the same time",
            Baseline::Before(_) => "before the switch",
        };
        format!(
            "{} of the candidate's {} requests {bad} ({}), and {} of stable's {} {when} ({})",
            self.candidate.bad,
            self.candidate.requests,
            self.candidate.percent(),
            self.stable.bad,
            self.stable.requests,
            self.stable.percent(),
        )
    }

    fn missing(&self, bad: &str) -> String {
        if self.candidate.requests == 0 {
            return "the candidate has had no requests".to_owned();
        }
        if self.stable.requests == 0 {
            return format!(
                "stable has had no requests, so nothing can be compared; the candidate has had {}",
                self.candidate.requests
            );
        }
        match self.requests_wanted() {
            Some(wanted) if wanted > self.candidate.requests => {
                format!("{}; about {wanted} are wanted", self.seen(bad))
            }
            _ => format!("{}; that is too close to decide", self.seen(bad)),
        }
    }
}

#[cfg(test)]
mod tests;
