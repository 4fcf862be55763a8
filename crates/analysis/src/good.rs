//! The evidence that the candidate is worse by no more than the margin.
//!
//! The other side's claim is that the candidate's rate is stable's plus the margin at least. Against it
//! stands the alternative that both have the same rate. Of all pairs of rates that the claim allows, the
//! one closest to the alternative (by Kullback–Leibler, weighted by the interval's requests) is the
//! divisor of a likelihood ratio. As the claim is a convex set, that ratio is 1 on average at most under
//! all of it (Turner, Ly, Grünwald: "Generic E-variables"), also where rates drift. The wager is spread
//! over several rates, and a little of it moves between them, so that it follows a rate that drifts.

use crate::counts::Counts;
use crate::information::{bisect, divergence, log_add};
use crate::number::Number;

/// The rates of bad requests that both versions may have.
const RATES: [f64; 8] = [0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3];

/// What part of the wagers is spread evenly again, for each request; and at most in an interval.
const SPREAD_A_REQUEST: f64 = 1e-6;
const SPREAD_MAX: f64 = 0.01;

/// The wager that the candidate is good enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Good {
    /// What each rate's part of the stake has become, as a logarithm.
    wagers: [Number; RATES.len()],
    /// The most that the whole ever was, as a logarithm.
    peak: Number,
}

impl Good {
    pub(crate) fn new() -> Self {
        Self {
            wagers: [Number::new(-libm::log(RATES.len() as f64)); RATES.len()],
            peak: Number::new(0.0),
        }
    }

    /// Takes the counts of one interval with stable beside the candidate, or [`Counts::NONE`]: then the
    /// claim is that the candidate's rate alone is the margin at least.
    pub(crate) fn see(&mut self, stable: Counts, candidate: Counts, margin: f64, together: f64) {
        self.wager(stable, candidate, margin, together);
    }

    /// Takes the counts of one interval of the candidate alone, against the claim that its rate is
    /// `claimed` at least.
    pub(crate) fn see_alone(&mut self, candidate: Counts, claimed: f64, together: f64) {
        self.wager(Counts::NONE, candidate, claimed, together);
    }

    fn wager(&mut self, stable: Counts, candidate: Counts, margin: f64, together: f64) {
        if candidate.requests == 0 {
            return;
        }
        let requests = (stable.requests as f64) + (candidate.requests as f64);
        let spread = (requests * SPREAD_A_REQUEST).min(SPREAD_MAX);
        let before = self.whole();
        let (kept, evenly) = (
            libm::log1p(-spread),
            before + libm::log(spread / RATES.len() as f64),
        );
        for (wager, rate) in self.wagers.iter_mut().zip(RATES) {
            let gain = evidence(stable, candidate, rate, margin) / together;
            *wager = Number::new(log_add(wager.get() + kept, evenly) + gain);
        }
        let whole = self.whole();
        if whole > self.peak.get() {
            self.peak = Number::new(whole);
        }
    }

    fn whole(&self) -> f64 {
        self.wagers
            .iter()
            .fold(f64::NEG_INFINITY, |sum, wager| log_add(sum, wager.get()))
    }

    /// Returns the logarithm of the most that the wager ever was.
    pub(crate) fn peak(&self) -> f64 {
        self.peak.get()
    }

    /// Returns about how many requests of the candidate it takes to show to `nats` that it is good enough,
    /// if traffic stays split as it was; `None` where that cannot be.
    pub(crate) fn wanted(
        stable: Counts,
        candidate: Counts,
        margin: f64,
        together: f64,
        nats: f64,
    ) -> Option<u64> {
        let (of_stable, of_candidate) = (stable.requests as f64, candidate.requests as f64);
        let rate =
            (stable.bad as f64 + candidate.bad as f64 + 0.5) / (of_stable + of_candidate + 1.0);
        let claim = nearest(of_stable, of_candidate, rate, margin)?;
        let each = divergence(rate, claim.candidate)
            + of_stable * divergence(rate, claim.stable) / of_candidate.max(1.0);
        // Some of the stake lies on rates that are far off: about one nat of it.
        let wanted = together * (nats + 1.0) / each;
        (wanted < 1e15).then(|| two_digits(wanted as u64))
    }
}

/// Rounds up to two digits: no more are known.
fn two_digits(number: u64) -> u64 {
    let mut unit = 1;
    while number / unit >= 100 {
        unit *= 10;
    }
    number.div_ceil(unit) * unit
}

/// The pair of rates that a claim allows and that is closest to the alternative.
struct Claim {
    stable: f64,
    candidate: f64,
}

/// Returns the claim closest to both versions having `rate`; nothing where the claim allows none that is
/// worse than that.
fn nearest(of_stable: f64, of_candidate: f64, rate: f64, margin: f64) -> Option<Claim> {
    if of_stable <= 0.0 {
        return (rate < margin && margin < 1.0).then_some(Claim {
            stable: 0.0,
            candidate: margin,
        });
    }
    if rate + margin >= 1.0 {
        return None;
    }
    let slope = |weight: f64, p: f64| weight * (p - rate) / (p * (1.0 - p));
    let stable = bisect((rate - margin).max(0.0), rate, |p| {
        slope(of_stable, p) + slope(of_candidate, p + margin) >= 0.0
    });
    Some(Claim {
        stable,
        candidate: stable + margin,
    })
}

/// The evidence of an interval for the alternative `rate`, in nats.
fn evidence(stable: Counts, candidate: Counts, rate: f64, margin: f64) -> f64 {
    let nearest = nearest(
        stable.requests as f64,
        candidate.requests as f64,
        rate,
        margin,
    );
    let Some(claim) = nearest else { return 0.0 };
    let part = |counts: Counts, claimed: f64| {
        if counts.requests == 0 {
            return 0.0;
        }
        counts.bad as f64 * libm::log(rate / claimed)
            + counts.good() as f64 * libm::log((1.0 - rate) / (1.0 - claimed))
    };
    part(stable, claim.stable) + part(candidate, claim.candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of the evidence over all outcomes, where the rates are these.
    fn mean(of_stable: u64, of_candidate: u64, truth: (f64, f64), rate: f64, margin: f64) -> f64 {
        let chance = |n: u64, k: u64, p: f64| -> f64 {
            let ways: f64 = (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product();
            ways * libm::pow(p, k as f64) * libm::pow(1.0 - p, (n - k) as f64)
        };
        let mut mean = 0.0;
        for s in 0..=of_stable {
            for c in 0..=of_candidate {
                let won = evidence(
                    Counts::new(of_stable, s),
                    Counts::new(of_candidate, c),
                    rate,
                    margin,
                );
                mean += libm::exp(won)
                    * chance(of_stable, s, truth.0)
                    * chance(of_candidate, c, truth.1);
            }
        }
        mean
    }

    #[test]
    fn a_claim_that_is_true_loses_nothing_on_average() {
        for (of_stable, of_candidate) in [(0, 3), (1, 1), (9, 1), (1, 9), (6, 6)] {
            for rate in RATES {
                for margin in [0.01, 0.2] {
                    for stable in [0.0, 0.001, 0.05, 0.3, 0.7] {
                        for over in [0.0, 0.05] {
                            let truth = (stable, f64::min(stable + margin + over, 1.0));
                            let mean = mean(of_stable, of_candidate, truth, rate, margin);
                            assert!(
                                mean <= 1.0 + 1e-9,
                                "{of_stable} and {of_candidate} at {truth:?}, rate {rate}, \
                                 margin {margin}: {mean}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn about_as_many_requests_are_wanted_as_it_takes() {
        let (margin, nats) = (0.01, libm::log(20.0));
        let (stable, candidate) = (Counts::new(900, 1), Counts::new(100, 0));
        let wanted = Good::wanted(stable, candidate, margin, 1.0, nats).unwrap();
        let mut good = Good::new();
        let mut taken = 0;
        while good.peak() < nats {
            good.see(stable, candidate, margin, 1.0);
            taken += 100;
        }
        assert!((300..2000).contains(&taken), "{taken}");
        assert!(
            taken <= 2 * wanted && wanted <= 2 * taken,
            "{taken} taken, {wanted} wanted"
        );
    }

    #[test]
    fn an_incident_of_both_does_not_take_the_evidence_away_for_good() {
        let (margin, nats) = (0.01, libm::log(20.0));
        let mut good = Good::new();
        for _ in 0..3 {
            good.see(Counts::new(900, 180), Counts::new(100, 20), margin, 1.0);
        }
        let mut taken = 0;
        while good.peak() < nats {
            good.see(Counts::new(900, 1), Counts::new(100, 0), margin, 1.0);
            taken += 1;
            assert!(taken < 60, "{good:?}");
        }
    }

    #[test]
    fn spreading_the_wagers_adds_nothing_to_them() {
        let mut good = Good::new();
        for _ in 0..1000 {
            // A margin that no rate can be worse by: nothing speaks.
            good.see(Counts::new(9000, 9), Counts::new(1000, 1), 1.0, 1.0);
        }
        assert!(good.whole().abs() < 1e-9 && good.peak() < 1e-9, "{good:?}");
    }

    #[test]
    fn numbers_for_people_have_two_digits() {
        for (number, expected) in [(0, 0), (7, 7), (99, 99), (101, 110), (4321, 4400)] {
            assert_eq!(two_digits(number), expected);
        }
    }
}
