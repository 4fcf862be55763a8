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

pub use traffic::{Answers, ByChoice, LATENCY_BUCKETS, Traffic, VersionTraffic, latency_bounds_us};

mod traffic;

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
    /// The service whose preview this is; none for a listener that services share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_of: Option<String>,
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
    /// Whether the weights, and the routes beside them, are final.
    pub commitment: Commitment,
    /// Whether a client keeps its version while weights change; without it every request is dealt anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<Sticky>,
    /// Whose requests go to one version whatever its weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub testers: Option<Testers>,
    /// Where one version is reached whatever its weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Preview>,
    /// What a balancer in front is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Readiness>,
}

/// Keeps a client with its version by a cookie that holds a bucket from 0 to 99, not a version.
///
/// Buckets below the candidate's weight go to the candidate, the others to stable. So clients pass from
/// stable to the candidate one by one as the weight grows, none goes back while it does not shrink, and
/// weight 0 returns all of them at once. The candidate is the version that is not the commitment's
/// `stable`; of committed weights, those after the first version with weight.
///
/// The cookie is set with the first answer of an instance while two versions have weight, to a client that
/// sent none that is valid. It is `HttpOnly`, `SameSite=Lax`, for the service's path prefix, and `Secure`
/// where a balancer in front says `X-Forwarded-Proto: https`. An answer that shared caches may keep
/// (`Cache-Control: public` or `s-maxage`) sets none. A client that sends no cookies is dealt a bucket for
/// each request, in turn, so that every hundred of them have the exact shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sticky {
    /// The cookie's name, such as `cutover_bucket`.
    pub cookie: String,
    /// How long a client keeps its bucket, in seconds; longer than the rollout, or clients are dealt anew.
    /// Within it the same clients are the first in every rollout.
    pub max_age_s: u64,
}

/// Sends requests with a header to one version, whatever its weight, also 0.
///
/// Where that version has no healthy instance, or is not among the versions, the header means nothing and
/// the request is one like others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Testers {
    /// The header's name, such as `x-cutover-candidate`.
    pub header: String,
    /// The exact value; without it any value counts.
    #[serde(default)]
    pub value: Option<String>,
    /// The artifact id of the version.
    pub artifact: String,
}

/// A listener of its own whose requests, for any host and path, go to one version, whatever its weight.
///
/// No service and no other preview may listen on the same address, but port 0 gives each its own port. When
/// a configuration names it no more the listener is closed; requests under way finish, sockets stay with
/// the version, and a later request on a connection that is still open is refused with 404.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The artifact id of the version; it must be among the versions.
    pub artifact: String,
}

/// A path that the proxy answers itself, for a balancer in front that takes hosts in and out.
///
/// The answer is 200 while `ready` holds and an instance can take requests, or requests are held until one
/// can; else it is 503. All other requests are served as usual. A probe that names a host which nobody
/// claims is answered for every service on the listener with that path. Probes are not counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// The exact path, under the service's path prefix.
    pub path: String,
    /// Whether the balancer is to send traffic here.
    pub ready: bool,
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
    /// `stable` unaided, testers and preview of another version end, and readiness is given again. After a
    /// restart of the machine it counts as expired.
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
/// The version must have weight 0 and neither testers nor a preview, unless readiness fails: a host that its
/// balancer has left may drain what serves there. Repeating it for a version that is draining changes its
/// deadline and pace; a `PUT` that gives the version requests again, on a host that is ready, ends the drain.
/// A drain ends with the proxy: nothing of the version is open after a restart, and none is listed as
/// draining.
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
    /// Where its preview is reached, if it has one.
    #[serde(default)]
    pub preview_bound: Option<SocketAddr>,
    /// Milliseconds left on the lease, if there is one.
    pub lease_left_ms: Option<u64>,
    /// Whether a lease ran out and traffic went back to stable.
    pub reverted: bool,
    /// The artifacts that are draining.
    pub draining: Vec<String>,
}

/// The body of an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// A stable word for programs, such as `overlapping_claim`.
    pub kind: String,
    /// The sentence for people.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_build_wrote_is_understood() {
        let config = r#"{"listen":"127.0.0.1:0","path_prefix":"/","limits":{"header_timeout_ms":1,
            "idle_timeout_ms":1,"connect_timeout_ms":1,"response_timeout_ms":1,"connections_max":1,
            "header_bytes_max":1024,"hold_ms":1,"held_max":1},"versions":[],
            "commitment":{"state":"committed"}}"#;
        let config: ServiceConfig = serde_json::from_str(config).unwrap();
        assert_eq!((&config.sticky, &config.testers), (&None, &None));
        assert_eq!((&config.preview, &config.readiness), (&None, &None));
        let again = serde_json::to_string(&config).unwrap();
        assert!(
            !again.contains("sticky") && !again.contains("preview"),
            "{again}"
        );
        let config = serde_json::to_value(&config).unwrap();
        let status = serde_json::json!({"config": config, "bound": "127.0.0.1:1", "lease_left_ms": null,
            "reverted": false, "draining": []});
        let status: ServiceStatus = serde_json::from_value(status).unwrap();
        assert_eq!(status.preview_bound, None);
        let traffic = r#"{"requests":3,"status":[0,3,0,0,0],"failed":0,"retried":0,"held":0,
            "client_aborted":0,"in_flight":0,"sockets_open":0,"streams_open":0,"sockets_moved":0,
            "sockets_cut":0,"latency":[]}"#;
        let traffic: VersionTraffic = serde_json::from_str(traffic).unwrap();
        assert!(traffic.by_choice.weighted.is_none());
        let listener: Listener =
            serde_json::from_str(r#"{"listen":"127.0.0.1:0","bound":"127.0.0.1:1"}"#).unwrap();
        assert_eq!(listener.preview_of, None);
    }
}
