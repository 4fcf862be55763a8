//! What the proxy counts.
//!
//! All counters only grow within one `epoch`, so that two readings give the increments between them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counters of a service since the proxy first knew it; they only grow, and survive nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// Identifies this life of the counters; a new value means that they began anew.
    pub epoch: u64,
    /// By artifact id. Requests that reached no version are under the empty name.
    pub versions: BTreeMap<String, VersionTraffic>,
    /// Requests being held now.
    pub held_now: u64,
}

/// Counters of one version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VersionTraffic {
    /// Requests begun, upgrades included.
    pub requests: u64,
    /// Answers by class, `1xx` to `5xx`, as the instance gave them.
    pub status: [u64; 5],
    /// Requests that failed on the way: no connection, no answer, answer cut short, timeout, refused by
    /// the proxy for want of an instance. A client that went away is not one of them.
    pub failed: u64,
    /// Requests that were sent again to another connection or instance.
    pub retried: u64,
    /// Requests that waited because no instance could take them.
    pub held: u64,
    /// Clients that went away before their answer was complete.
    pub client_aborted: u64,
    /// Requests in flight now, long-lived ones not counted.
    pub in_flight: u64,
    /// WebSockets and other upgraded connections open now.
    pub sockets_open: u64,
    /// Event streams open now.
    pub streams_open: u64,
    /// Sockets and streams ended gently by a drain: at a frame or event boundary, with a close code.
    pub sockets_moved: u64,
    /// Sockets and streams that ended otherwise than by their client, their instance's close, or a move.
    pub sockets_cut: u64,
    /// Latency of answered requests until the end of the head, in microseconds: cumulative counts for
    /// the upper bounds in [`latency_bounds_us`], then one more, the count of all (Prometheus' `+Inf`).
    pub latency: Vec<u64>,
    /// The same requests by how they came to the version: their sums are the figures above. A comparison
    /// of two versions under a split looks at `weighted` only. A proxy of an earlier build does not tell.
    #[serde(default)]
    pub by_choice: ByChoice,
}

/// Requests of a version by how they came to it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ByChoice {
    /// By the weights, with or without a cookie.
    pub weighted: Answers,
    /// By the testers' header.
    #[serde(default, skip_serializing_if = "Answers::is_none")]
    pub testers: Answers,
    /// By the preview's listener.
    #[serde(default, skip_serializing_if = "Answers::is_none")]
    pub preview: Answers,
}

/// What became of some requests; the meaning of each is that of [`VersionTraffic`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// Requests begun, upgrades included.
    pub requests: u64,
    /// Answers by class, `1xx` to `5xx`.
    pub status: [u64; 5],
    /// Requests that failed on the way; none of them has an answer in `status`, unless that was cut short.
    pub failed: u64,
    /// Latency of the answers.
    pub latency: Vec<u64>,
}

impl Answers {
    /// What came since an earlier reading of the same `epoch`; a counter that is not known earlier was 0.
    pub fn since(&self, earlier: &Self) -> Self {
        let before = |bucket: usize| earlier.latency.get(bucket).copied().unwrap_or(0);
        let latency = self.latency.iter().enumerate();
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            status: std::array::from_fn(|i| self.status[i].saturating_sub(earlier.status[i])),
            failed: self.failed.saturating_sub(earlier.failed),
            latency: latency
                .map(|(bucket, count)| count.saturating_sub(before(bucket)))
                .collect(),
        }
    }

    /// Whether there was no request.
    pub fn is_none(&self) -> bool {
        self.requests == 0 && self.failed == 0
    }
}

/// Upper bounds of the latency histogram in microseconds: powers of 2^(1/4) from 50 µs to about 3 min;
/// made by [`latency_bounds_us`].
pub const LATENCY_BUCKETS: usize = 88;

/// Returns the upper bounds of the latency histogram, in microseconds, ascending.
pub fn latency_bounds_us() -> [u64; LATENCY_BUCKETS] {
    std::array::from_fn(|i| {
        let exponent = i as f64 / 4.0;
        (50.0 * exponent.exp2()).round() as u64
    })
}
