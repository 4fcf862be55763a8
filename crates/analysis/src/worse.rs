//! The evidence that the candidate is worse than stable.
//!
//! Given how many requests each version had in an interval, and how many of all were bad, chance alone
//! would give each bad one to the candidate in proportion to its requests. The alternative is that the
//! odds are `ratio` times that. Of an interval with `x` bad requests, `k` of them the candidate's, which
//! had the share `q` of the requests, the evidence is
//!
//! ```text
//! ratio^k / (1 - q + q·ratio)^x
//! ```
//!
//! It is 1 on average at most where the candidate is no worse, whatever the rate of bad requests is in that
//! interval. So the product over intervals is a wager that chance cannot win: it reaches `1/a` with a chance
//! of `a` at most, however often one looks (Ville). The wager is spread over several ratios, and over the
//! interval in which the candidate begins to be worse.

use crate::counts::Counts;
use crate::information::log_add;
use crate::number::Number;

/// By how much the odds of a bad request may have grown.
const RATIOS: [f64; 7] = [1.25, 1.6, 2.5, 5.0, 12.0, 40.0, 1000.0];

/// What an interval's bad requests are held against.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Against {
    /// Stable's counts of the same interval.
    Beside(Counts),
    /// A rate that stable does not exceed.
    Rate(f64),
}

/// How an interval's evidence is tamed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taming {
    /// How many bad requests may be one event.
    pub(crate) together: f64,
    /// The most that one interval may say, in nats.
    pub(crate) interval_max: f64,
}

/// The wager that the candidate is worse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Worse {
    /// Intervals with something to say. Of the stake, `1 / (spoken + 1)` is not wagered yet.
    spoken: u64,
    /// What each ratio's part of the stake has become, as a logarithm.
    wagers: [Number; RATIOS.len()],
    /// The most that the whole ever was, as a logarithm.
    peak: Number,
}

impl Worse {
    pub(crate) fn new() -> Self {
        Self {
            spoken: 0,
            wagers: [Number::new(f64::NEG_INFINITY); RATIOS.len()],
            peak: Number::new(0.0),
        }
    }

    /// Takes the counts of one interval.
    pub(crate) fn see(&mut self, against: Against, candidate: Counts, taming: Taming) {
        let speaks = match against {
            Against::Beside(stable) => {
                stable.requests > 0
                    && candidate.requests > 0
                    && (stable.bad > 0 || candidate.bad > 0)
            }
            Against::Rate(rate) => candidate.requests > 0 && rate > 0.0 && rate < 1.0,
        };
        if !speaks {
            return;
        }
        self.spoken += 1;
        let spoken = self.spoken as f64;
        let stake = -libm::log(spoken * (spoken + 1.0) * RATIOS.len() as f64);
        let mut whole = -libm::log(spoken + 1.0);
        for (wager, ratio) in self.wagers.iter_mut().zip(RATIOS) {
            let evidence = match against {
                Against::Beside(stable) => beside(stable, candidate, ratio),
                Against::Rate(rate) => alone(rate, candidate, ratio),
            };
            let gain = (evidence / taming.together).min(taming.interval_max);
            *wager = Number::new(log_add(wager.get(), stake) + gain);
            whole = log_add(whole, wager.get());
        }
        if whole > self.peak.get() {
            self.peak = Number::new(whole);
        }
    }

    /// Returns the logarithm of the most that the wager ever was.
    pub(crate) fn peak(&self) -> f64 {
        self.peak.get()
    }
}

/// The evidence of an interval for `ratio`, in nats.
///
/// The exact denominator is the mean of `ratio^k` over the hypergeometric distribution, a long sum. Each of
/// the four ways to see the table bounds it from above by a binomial one in closed form, as drawing without
/// replacement varies less than drawing with it (Hoeffding 1963, theorem 4); the least of four bounds holds
/// and is close.
fn beside(stable: Counts, candidate: Counts, ratio: f64) -> f64 {
    let (of_stable, of_candidate) = (stable.requests as f64, candidate.requests as f64);
    let all = of_stable + of_candidate;
    let bad = stable.bad as f64 + candidate.bad as f64;
    let (share, rate) = (of_candidate / all, bad / all);
    let log_ratio = libm::log(ratio);
    let (more, less) = (ratio - 1.0, 1.0 - 1.0 / ratio);
    let mean = [
        // each bad request falls to a version
        bad * libm::log1p(share * more),
        // each of the candidate's requests is bad or not
        of_candidate * libm::log1p(rate * more),
        // each request that is not bad falls to a version
        of_candidate * log_ratio + (all - bad) * libm::log1p(-share * less),
        // each of stable's requests is bad or not
        bad * log_ratio + of_stable * libm::log1p(-rate * less),
    ];
    candidate.bad as f64 * log_ratio - mean.into_iter().fold(f64::INFINITY, f64::min)
}

/// The evidence for odds `ratio` times those of a known rate, in nats.
fn alone(rate: f64, candidate: Counts, ratio: f64) -> f64 {
    candidate.bad as f64 * libm::log(ratio)
        - candidate.requests as f64 * libm::log1p(rate * (ratio - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTAMED: Taming = Taming {
        together: 1.0,
        interval_max: f64::INFINITY,
    };

    /// The chance of `k` of `bad` falling to the candidate, where it is as good as stable.
    fn hypergeometric(stable: u64, candidate: u64, bad: u64, k: u64) -> f64 {
        let choose = |n: u64, k: u64| -> f64 {
            if k > n {
                return 0.0;
            }
            (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product()
        };
        choose(candidate, k) * choose(stable, bad - k) / choose(stable + candidate, bad)
    }

    #[test]
    fn chance_alone_wins_nothing_on_average_in_any_table() {
        for (stable, candidate) in [(1, 1), (1, 9), (9, 1), (5, 5), (30, 10), (2, 40)] {
            for bad in 1..=stable + candidate {
                for ratio in RATIOS {
                    let mean: f64 = (0..=bad.min(candidate))
                        .filter(|k| bad - k <= stable)
                        .map(|k| {
                            let won = libm::exp(beside(
                                Counts::new(stable, bad - k),
                                Counts::new(candidate, k),
                                ratio,
                            ));
                            won * hypergeometric(stable, candidate, bad, k)
                        })
                        .sum();
                    assert!(
                        mean <= 1.0 + 1e-9,
                        "{stable} and {candidate}, {bad} bad, ratio {ratio}: {mean}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_known_rate_wins_nothing_on_average_either() {
        let (rate, ratio): (f64, f64) = (0.03, 5.0);
        let win = |bad| libm::exp(alone(rate, Counts::new(1, bad), ratio));
        let mean = rate * win(1) + (1.0 - rate) * win(0);
        assert!((mean - 1.0).abs() < 1e-12, "{mean}");
    }

    #[test]
    fn a_candidate_that_fails_all_is_known_at_once_and_a_late_one_soon() {
        let stable = Against::Beside(Counts::new(90, 0));
        let mut worse = Worse::new();
        worse.see(stable, Counts::new(10, 10), UNTAMED);
        assert!(worse.peak() > libm::log(1e6), "{}", worse.peak());

        let mut late = Worse::new();
        for _ in 0..200 {
            late.see(
                Against::Beside(Counts::new(900, 9)),
                Counts::new(100, 1),
                UNTAMED,
            );
        }
        assert!(late.peak() < 0.5, "{}", late.peak());
        for _ in 0..5 {
            late.see(
                Against::Beside(Counts::new(900, 9)),
                Counts::new(100, 20),
                UNTAMED,
            );
        }
        assert!(late.peak() > libm::log(1e6), "{}", late.peak());
    }

    #[test]
    fn an_interval_without_the_other_version_or_without_a_bad_request_says_nothing() {
        let mut worse = Worse::new();
        let untouched = worse.clone();
        worse.see(Against::Beside(Counts::NONE), Counts::new(50, 50), UNTAMED);
        worse.see(Against::Beside(Counts::new(50, 50)), Counts::NONE, UNTAMED);
        worse.see(
            Against::Beside(Counts::new(50, 0)),
            Counts::new(50, 0),
            UNTAMED,
        );
        assert_eq!(worse, untouched);
    }
}
