//! Version 1 of what is said over the control socket.
//!
//! | call | request | answer |
//! |---|---|---|
//! | `GET /v1/status` | | [`Status`] |
//! | `PUT /v1/services/KEY` | [`ServiceConfig`] | [`ServiceStatus`] |
//! | `DELETE /v1/services/KEY` | | |
//! | `POST /v1/services/KEY/renew` | [`Renew`] | [`ServiceStatus`] |
//! | `POST /v1/services/KEY/prepare` | | [`ServiceStatus`] |
//! | `POST /v1/services/KEY/commit` | | [`ServiceStatus`] |
//! | `POST /v1/services/KEY/drain` | [`Drain`] | [`ServiceStatus`] |
//! | `GET /v1/services/KEY/traffic` | | [`Traffic`] |
//! | `GET /metrics` | | Prometheus text format |
//!
//! Errors are `4xx`/`5xx` with an [`ErrorBody`]. Every call may be repeated.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// What the proxy says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The version of the binary.
    pub version: String,
    /// The proxy's process id.
    pub pid: u32,
    /// Every listener: the address asked for (port 0 means any) and the one it has.
    pub listeners: Vec<Listener>,
    /// Every service by its key.
    pub services: BTreeMap<String, ServiceStatus>,
}

/// An address asked for and the one bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// As configured; port 0 asks for any free port.
    pub listen: SocketAddr,
    /// As bound; kept over restarts of the proxy.
    pub bound: SocketAddr,
}

/// What a service is to the proxy: where it is claimed, its versions and their weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceConfig {
    /// The address to listen on; services may share one.
    pub listen: SocketAddr,
    /// Host names claimed, lower case, without port; empty claims every host name.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The path prefix claimed, beginning with `/`; it matches at segment boundaries.
    pub path_prefix: String,
    /// Timeouts and limits.
    pub limits: Limits,
    /// The versions that may get traffic. Weights are 0 to 100 and sum to 100.
    pub versions: Vec<Version>,
    /// Whether the weights are final.
    pub commitment: Commitment,
}

/// One version of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The artifact id, as hex.
    pub artifact: String,
    /// The share of new clients, in percent.
    pub weight: u8,
    /// Where its instances listen.
    pub backends: Vec<Backend>,
}

/// One instance as the proxy sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// The instance id.
    pub instance: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether new requests may go to it.
    pub healthy: bool,
}

/// How firm the weights are (invariant I7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Commitment {
    /// Final.
    Committed,
    /// A lease on the proxy's own monotonic clock: if not renewed in time, all traffic returns to
    /// `stable` unaided. After a restart of the machine it counts as expired.
    Leased {
        /// Duration of the lease in milliseconds, from receipt.
        ttl_ms: u64,
        /// The artifact id that gets all traffic at expiry.
        stable: String,
    },
    /// Acknowledged as prepared: never reverts alone, keeps its weights until told.
    Prepared {
        /// The artifact id that served before.
        stable: String,
    },
}

/// Timeouts and limits of a service. Durations are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Time for a client to send the request's head.
    pub header_timeout_ms: u64,
    /// Time without a byte in either direction before a connection is given up; not for upgraded ones.
    pub idle_timeout_ms: u64,
    /// Time to open a connection to an instance.
    pub connect_timeout_ms: u64,
    /// Time for an instance to begin its answer.
    pub response_timeout_ms: u64,
    /// Client connections open at once on the listener.
    pub connections_max: u32,
    /// Bytes of a request's head.
    pub header_bytes_max: u32,
    /// How long a request is held while no healthy instance is there, before 503.
    pub hold_ms: u64,
    /// Requests held at once.
    pub held_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout_ms: 15_000,
            idle_timeout_ms: 75_000,
            connect_timeout_ms: 2_000,
            response_timeout_ms: 60_000,
            connections_max: 50_000,
            header_bytes_max: 64 * 1024,
            hold_ms: 5_000,
            held_max: 10_000,
        }
    }
}

/// Renews a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renew {
    /// The new duration from receipt, in milliseconds.
    pub ttl_ms: u64,
}

/// Takes a version out of service gently: requests finish, sockets are moved at a pace.
///
/// The version must have weight 0. Repeating it for a version that is draining changes its deadline and
/// pace; a `PUT` that gives the version weight again ends the drain. A drain ends with the proxy: nothing
/// of the version is open after a restart, and none is listed as draining.
///
/// Event streams are ended between two events, also those that came with a `Content-Length`, which is not
/// passed on. Those with a `Content-Encoding` are ended between two chunks of the instance, which is where
/// it flushed; one that gave a `Content-Length` as well is a request like others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drain {
    /// The artifact id to drain.
    pub artifact: String,
    /// After this many milliseconds what is still open is cut.
    pub deadline_ms: u64,
    /// How many WebSockets and event streams are asked to go each second.
    pub sockets_per_second: u32,
    /// The WebSocket close code they get; 1012 (service restart) unless configured.
    pub close_code: u16,
}

/// A service as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// The configuration in force, with the commitment as it is now.
    pub config: ServiceConfig,
    /// Where it is reached.
    pub bound: SocketAddr,
    /// Milliseconds left on the lease, if there is one.
    pub lease_left_ms: Option<u64>,
    /// Whether a lease ran out and traffic went back to stable.
    pub reverted: bool,
    /// The artifacts that are draining.
    pub draining: Vec<String>,
}

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

/// The body of an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// A stable word for programs, such as `overlapping_claim`.
    pub kind: String,
    /// The sentence for people.
    pub message: String,
}
