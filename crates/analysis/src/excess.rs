//! By how much more of the candidate's requests are bad, as seen.

use crate::counts::Counts;
use crate::number::Number;

/// With each interval that speaks, so much of what is recent is kept.
const KEPT: f64 = 0.875;

/// The difference of the rates, compared within each interval (Mantel and Haenszel): an incident that hits
/// both while the candidate happens to have more traffic makes no difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excess {
    whole: [Number; 2],
    recent: [Number; 2],
}

impl Excess {
    pub(crate) fn new() -> Self {
        Self {
            whole: [Number::new(0.0); 2],
            recent: [Number::new(0.0); 2],
        }
    }

    /// Takes the counts of one interval.
    pub(crate) fn see(&mut self, stable: Counts, candidate: Counts) {
        if stable.requests == 0 || candidate.requests == 0 {
            return;
        }
        let (of_stable, of_candidate) = (stable.requests as f64, candidate.requests as f64);
        let all = of_stable + of_candidate;
        let seen = [
            (candidate.bad as f64 * of_stable - stable.bad as f64 * of_candidate) / all,
            of_stable * of_candidate / all,
        ];
        for (i, seen) in seen.into_iter().enumerate() {
            self.whole[i] = Number::new(self.whole[i].get() + seen);
            self.recent[i] = Number::new(self.recent[i].get() * KEPT + seen);
        }
    }

    /// Takes the counts of one interval of the candidate alone, against a rate.
    pub(crate) fn see_alone(&mut self, candidate: Counts, rate: f64) {
        let requests = candidate.requests as f64;
        let seen = [candidate.bad as f64 - rate * requests, requests];
        for (i, seen) in seen.into_iter().enumerate() {
            self.whole[i] = Number::new(self.whole[i].get() + seen);
            self.recent[i] = Number::new(self.recent[i].get() * KEPT + seen);
        }
    }

    /// Says whether the difference is more than the margin, over all or recently: a candidate that went bad
    /// late has a good past.
    pub(crate) fn exceeds(&self, margin: f64) -> bool {
        [&self.whole, &self.recent]
            .into_iter()
            .any(|[over, weight]| over.get() > margin * weight.get())
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
}
