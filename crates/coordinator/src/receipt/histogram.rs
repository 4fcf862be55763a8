//! Percentiles from the proxy's latency histograms.

use proxy::control::v1::latency_bounds_us;
use serde::{Deserialize, Serialize};

/// Time to the head of an answer in the three parts of a rollout; nothing where nothing was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Until traffic was moved.
    pub before: Option<Percentiles>,
    /// From then until the drain was over.
    pub during: Option<Percentiles>,
    /// From then on.
    pub after: Option<Percentiles>,
}

/// Percentiles in microseconds: upper bounds of the buckets they lie in, so at most 19 % too high.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half of the answers came within.
    pub p50_us: u64,
    /// 99 of 100 answers came within.
    pub p99_us: u64,
    /// How many answers there were.
    pub count: u64,
}

/// Finds the percentiles of a histogram that was made by subtracting cumulative counts over time.
/// Each bucket holds the answers up to its own bound, those of the smaller ones included.
pub(crate) fn percentiles(up_to: &[u64]) -> Option<Percentiles> {
    let bounds = latency_bounds_us();
    let count = up_to.last().copied().filter(|count| *count > 0)?;
    let at = |permille: u64| {
        let rank = (count.saturating_mul(permille)).div_ceil(1000);
        let bucket = up_to
            .iter()
            .position(|within| *within >= rank)
            .unwrap_or(bounds.len());
        bounds
            .get(bucket)
            .copied()
            .unwrap_or(bounds[bounds.len() - 1])
    };
    Some(Percentiles {
        p50_us: at(500),
        p99_us: at(990),
        count,
    })
}
