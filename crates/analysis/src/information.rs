//! Divergences of coins, and the bounds on a rate that follow from them.

use crate::counts::Counts;

/// How often bisection halves: past this, doubles do not get closer.
const HALVINGS: u32 = 64;

/// Returns the Kullback–Leibler divergence of a coin of rate `r` from one of rate `p`, in nats.
pub(crate) fn divergence(r: f64, p: f64) -> f64 {
    let term = |from: f64, to: f64| {
        if from <= 0.0 {
            0.0
        } else if to <= 0.0 {
            f64::INFINITY
        } else {
            from * libm::log(from / to)
        }
    };
    (term(r, p) + term(1.0 - r, 1.0 - p)).max(0.0)
}

/// Returns an upper bound of the rate behind `counts` that is too low with a chance of `exp(-nats)` at
/// most (Chernoff).
pub(crate) fn rate_at_most(counts: Counts, nats: f64) -> f64 {
    let Some(seen) = rate(counts) else { return 1.0 };
    bisect(seen, 1.0, |p| {
        counts.requests as f64 * divergence(seen, p) >= nats
    })
}

/// Returns a lower bound of the rate behind `counts` that is too high with a chance of `exp(-nats)` at
/// most (Chernoff).
pub(crate) fn rate_at_least(counts: Counts, nats: f64) -> f64 {
    let Some(seen) = rate(counts) else { return 0.0 };
    bisect(0.0, seen, |p| {
        counts.requests as f64 * divergence(seen, p) < nats
    })
}

fn rate(counts: Counts) -> Option<f64> {
    (counts.requests > 0).then(|| counts.bad as f64 / counts.requests as f64)
}

/// Returns the place between `low` and `high` where `beyond` turns true.
pub(crate) fn bisect(mut low: f64, mut high: f64, beyond: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..HALVINGS {
        let middle = low + (high - low) / 2.0;
        if beyond(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// Returns the logarithm of the sum of two numbers given by theirs.
pub(crate) fn log_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY {
        return high;
    }
    high + libm::log1p(libm::exp(low - high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_enclose_what_was_seen_and_tighten_with_more() {
        let nats = libm::log(200.0);
        let mut width = 2.0;
        for requests in [0, 10, 1000, 100_000] {
            let counts = Counts::new(requests, requests / 10);
            let (low, high) = (rate_at_least(counts, nats), rate_at_most(counts, nats));
            assert!((0.0..=0.1).contains(&low), "{low}");
            assert!((0.1..=1.0).contains(&high), "{high}");
            assert!(high - low < width, "{requests}: {low} to {high}");
            width = high - low;
        }
        // The rule of three, for a chance of 0.5 %: ln 200 / n.
        let none = rate_at_most(Counts::new(1000, 0), nats);
        assert!((none - 0.00528).abs() < 0.0001, "{none}");
        assert!(rate_at_least(Counts::new(1000, 0), nats) <= 0.0);
        assert!(rate_at_most(Counts::new(10, 10), nats) >= 1.0);
    }

    #[test]
    fn sums_of_logarithms() {
        assert!((log_add(0.0, 0.0) - libm::log(2.0)).abs() < 1e-15);
        assert_eq!(
            log_add(f64::NEG_INFINITY, -3.0).to_bits(),
            (-3.0_f64).to_bits()
        );
        assert!((log_add(-2000.0, 5.0) - 5.0).abs() < 1e-15);
    }
}
