//! By how much more of the candidate's requests are bad, as seen.

use crate::counts::Counts;
use crate::number::Number;

/// With each interval that speaks, so much of what is recent is kept.
const KEPT: f64 = 0.875;

/// What is recent must be over the margin by so many standard deviations: it is little, and noisy.
const DEVIATIONS: f64 = 3.0;

/// The difference of the rates, compared within each interval (Mantel and Haenszel): an incident that hits
/// both while the candidate happens to have more traffic makes no difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excess {
    whole: Sum,
    recent: Sum,
}

/// A weighted difference of rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sum {
    /// The candidate's bad requests over those it would have had by stable's rate, weighted.
    over: Number,
    /// The requests that this is of, weighted.
    weight: Number,
    /// The variance of `over` where there is no difference.
    variance: Number,
}

impl Sum {
    const NONE: Self = Self {
        over: Number::new(0.0),
        weight: Number::new(0.0),
        variance: Number::new(0.0),
    };

    fn plus(self, kept: f64, seen: [f64; 3]) -> Self {
        let sum = |before: Number, seen: f64| Number::new(before.get() * kept + seen);
        Self {
            over: sum(self.over, seen[0]),
            weight: sum(self.weight, seen[1]),
            variance: sum(self.variance, seen[2]),
        }
    }

    fn exceeds(&self, margin: f64, deviations: f64) -> bool {
        let noise = deviations * self.variance.get().sqrt();
        self.over.get() > margin * self.weight.get() + noise
    }
}

impl Excess {
    pub(crate) fn new() -> Self {
        Self {
            whole: Sum::NONE,
            recent: Sum::NONE,
        }
    }

    /// Takes the counts of one interval with requests of both.
    pub(crate) fn see(&mut self, stable: Counts, candidate: Counts) {
        let (of_stable, of_candidate) = (stable.requests as f64, candidate.requests as f64);
        let all = of_stable + of_candidate;
        let bad = stable.bad as f64 + candidate.bad as f64;
        let share = of_candidate / all;
        self.add([
            candidate.bad as f64 - bad * share,
            of_stable * share,
            bad * share * (1.0 - share),
        ]);
    }

    /// Takes the counts of one interval of the candidate alone, against a rate.
    pub(crate) fn see_alone(&mut self, candidate: Counts, rate: f64) {
        let requests = candidate.requests as f64;
        let expected = rate * requests;
        self.add([candidate.bad as f64 - expected, requests, expected]);
    }

    fn add(&mut self, seen: [f64; 3]) {
        self.whole = self.whole.plus(1.0, seen);
        self.recent = self.recent.plus(KEPT, seen);
    }

    /// Says whether the difference is more than the margin, over all or clearly so of late: a candidate
    /// that went bad late has a good past.
    pub(crate) fn exceeds(&self, margin: f64) -> bool {
        self.whole.exceeds(margin, 0.0) || self.recent.exceeds(margin, DEVIATIONS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_of_both_at_another_weight_is_no_difference() {
        let mut excess = Excess::new();
        excess.see(Counts::new(900, 0), Counts::new(100, 0));
        excess.see(Counts::new(500, 100), Counts::new(500, 100));
        assert!(!excess.exceeds(0.001));
    }

    #[test]
    fn a_candidate_that_went_bad_late_is_seen() {
        let mut excess = Excess::new();
        for _ in 0..1000 {
            excess.see(Counts::new(900, 0), Counts::new(100, 0));
        }
        assert!(!excess.exceeds(0.01));
        excess.see(Counts::new(900, 0), Counts::new(100, 50));
        assert!(excess.exceeds(0.01));
    }

    #[test]
    fn what_chance_gives_in_a_short_time_is_no_difference() {
        let mut excess = Excess::new();
        for _ in 0..100 {
            excess.see(Counts::new(20, 0), Counts::new(20, 0));
        }
        excess.see(Counts::new(20, 0), Counts::new(20, 2));
        assert!(!excess.exceeds(0.01));
    }
}
