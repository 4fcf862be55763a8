//! The candidate's slow requests beside stable's of the same time.

use crate::comparison::Comparison;
use crate::counts::Counts;
use crate::outcome::{Look, Outcome};
use crate::settings::{ComparisonSettings, SettingsError};

/// Fewer requests of stable than this give no quantile.
const QUANTILE_REQUESTS_MIN: u64 = 100;

/// From which latency on a request is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LatencyBound {
    /// Over so many microseconds.
    Us(u64),
    /// Over what so many of 1000 of stable's requests keep to, 500 to 999.
    ///
    /// The bound is taken once, before the comparison begins. It decides only where one looks, so old
    /// figures of stable do; how many are slow is counted afresh for both.
    StableQuantile {
        /// So many of 1000.
        permille: u32,
    },
}

impl LatencyBound {
    /// Returns the bound in microseconds, as the upper bound of a bucket: the first that is no smaller.
    ///
    /// `bounds_us` are the ascending upper bounds of a histogram's buckets, and `stable` its cumulative
    /// counts for each, then the count of all. Nothing is returned where stable had fewer than 100 requests
    /// to take a quantile of, or no bucket is that large.
    pub fn resolve(self, bounds_us: &[u64], stable: &[u64]) -> Option<u64> {
        match self {
            Self::Us(us) => bounds_us.iter().copied().find(|bound| *bound >= us),
            Self::StableQuantile { permille } => {
                let all = *stable.get(bounds_us.len())?;
                if all < QUANTILE_REQUESTS_MIN {
                    return None;
                }
                let quick = u128::from(all) * u128::from(permille);
                bounds_us
                    .iter()
                    .zip(stable)
                    .find(|(_, within)| u128::from(**within) * 1000 >= quick)
                    .map(|(bound, _)| *bound)
            }
        }
    }
}

/// Counts the requests of a histogram, and as bad those slower than `bound_us`.
///
/// `bounds_us` and `within` are as in [`LatencyBound::resolve`]; the bound is one of the histogram's, or
/// counts as the next larger one.
pub fn slower_than(bounds_us: &[u64], within: &[u64], bound_us: u64) -> Counts {
    let all = within.get(bounds_us.len()).copied().unwrap_or(0);
    let bucket = bounds_us.iter().position(|bound| *bound >= bound_us);
    let quick = match bucket {
        Some(bucket) => within.get(bucket).copied().unwrap_or(all),
        None => all,
    };
    Counts::new(all, all.saturating_sub(quick))
}

/// How latencies are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatencySettings {
    /// From where on a request is slow.
    pub bound: LatencyBound,
    /// How the shares of slow requests are compared.
    pub comparison: ComparisonSettings,
}

impl LatencySettings {
    /// The slowest twentieth of stable's requests; five points more of them.
    pub const USUAL: Self = Self {
        bound: LatencyBound::StableQuantile { permille: 950 },
        comparison: ComparisonSettings::USUAL_LATENCY,
    };

    /// Checks every field.
    ///
    /// # Errors
    /// Names the first field that is out of its range.
    pub fn check(&self) -> Result<(), SettingsError> {
        match self.bound {
            LatencyBound::Us(0) => return Err(SettingsError::Bound),
            LatencyBound::StableQuantile { permille } if !(500..=999).contains(&permille) => {
                return Err(SettingsError::Quantile(permille));
            }
            LatencyBound::Us(_) | LatencyBound::StableQuantile { .. } => {}
        }
        self.comparison.check()
    }
}

/// Compares shares of slow requests, interval by interval, as [`Comparison`] does those of bad ones.
///
/// Of a histogram it takes only the counts over the bound ([`slower_than`]), so that neither a state nor a
/// journal has to hold histograms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatencyComparison {
    bound_us: u64,
    comparison: Comparison,
}

impl LatencyComparison {
    /// Compares with stable, which has traffic beside the candidate; `bound_us` is what
    /// [`LatencyBound::resolve`] gave.
    pub fn new(settings: ComparisonSettings, bound_us: u64) -> Self {
        Self {
            bound_us,
            comparison: Comparison::new(settings),
        }
    }

    /// Compares with stable's counts from before all traffic went to the candidate; see
    /// [`Comparison::after_switch`].
    pub fn after_switch(
        settings: ComparisonSettings,
        bound_us: u64,
        stable_before: Counts,
    ) -> Self {
        Self {
            bound_us,
            comparison: Comparison::after_switch(settings, stable_before),
        }
    }

    /// Takes one interval's requests and how many of them were slow.
    pub fn see(&mut self, stable: Counts, candidate: Counts) {
        self.comparison.see(stable, candidate);
    }

    /// Says what is known.
    pub fn outcome(&self, look: Look) -> Outcome {
        let us = self.bound_us;
        let slow = format!("took over {}.{:02} ms", us / 1000, us % 1000 / 10);
        self.comparison.outcome_of(look, &slow)
    }

    /// Returns the bound in microseconds.
    pub fn bound_us(&self) -> u64 {
        self.bound_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS_US: [u64; 4] = [1000, 10_000, 100_000, 1_000_000];

    #[test]
    fn a_bound_is_that_of_a_bucket() {
        let stable = [500, 940, 960, 990, 1000];
        let check = |bound: LatencyBound, expected| {
            assert_eq!(bound.resolve(&BOUNDS_US, &stable), expected, "{bound:?}");
        };
        check(LatencyBound::Us(5000), Some(10_000));
        check(LatencyBound::Us(10_000), Some(10_000));
        check(LatencyBound::Us(2_000_000), None);
        let quantile = |permille| LatencyBound::StableQuantile { permille };
        check(quantile(500), Some(1000));
        check(quantile(950), Some(100_000));
        check(quantile(990), Some(1_000_000));
        check(quantile(999), None);
        let few = [50, 94, 96, 99, 99];
        assert_eq!(quantile(500).resolve(&BOUNDS_US, &few), None);
        assert_eq!(quantile(500).resolve(&BOUNDS_US, &[]), None);
    }

    #[test]
    fn slow_requests_are_those_over_the_bound() {
        let within = [500, 940, 960, 990, 1000];
        let check = |bound_us, slow| {
            let counts = slower_than(&BOUNDS_US, &within, bound_us);
            assert_eq!(counts, Counts::new(1000, slow));
        };
        check(10_000, 60);
        check(5000, 60);
        check(1_000_000, 10);
        check(2_000_000, 0);
        assert_eq!(slower_than(&BOUNDS_US, &[], 10_000), Counts::NONE);
    }

    #[test]
    fn a_slower_candidate_fails_with_its_bound_in_words() {
        let mut latency = LatencyComparison::new(LatencySettings::USUAL.comparison, 10_050);
        for _ in 0..5 {
            latency.see(Counts::new(900, 45), Counts::new(100, 40));
        }
        let outcome = latency.outcome(Look::Midway);
        assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
        assert!(
            outcome.detail().contains("took over 10.05 ms"),
            "{outcome:?}"
        );
    }
}
