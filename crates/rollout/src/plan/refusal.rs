//! Why there is no plan.

use super::HostCount;
use crate::name::{ArtifactId, HostId, ServiceKey};

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No host was given.
    #[error("{service} has no hosts")]
    NoHosts {
        /// Which service.
        service: ServiceKey,
    },
    /// A host was given twice.
    #[error("host {host} is named twice")]
    HostTwice {
        /// Which host.
        host: HostId,
    },
    /// No instances were asked for.
    #[error("instances per host must be 1 to 64, not {asked}")]
    Instances {
        /// How many were.
        asked: u32,
    },
    /// The candidate serves already.
    #[error("{} serves {service} already", artifact.short())]
    ServesAlready {
        /// Which service.
        service: ServiceKey,
        /// Which artifact.
        artifact: ArtifactId,
    },
    /// The candidate was marked bad.
    #[error("{} is marked bad: {why}", artifact.short())]
    MarkedBad {
        /// Which artifact.
        artifact: ArtifactId,
        /// Why.
        why: String,
    },
    /// Proxies send all traffic to different versions.
    #[error(
        "the proxies do not agree on the version that serves {service}: {}",
        list(serving)
    )]
    Mixed {
        /// Which service.
        service: ServiceKey,
        /// What serves on each host.
        serving: Vec<(HostId, ArtifactId)>,
    },
    /// A proxy splits traffic between versions.
    #[error("the proxy on {host} splits the traffic of {service} between versions")]
    Split {
        /// Which service.
        service: ServiceKey,
        /// Which host.
        host: HostId,
    },
    /// There is nothing to go back from.
    #[error("nothing serves {service}, so there is nothing to roll back")]
    NothingToRollBack {
        /// Which service.
        service: ServiceKey,
    },
    /// A duration makes no sense.
    #[error("{what}")]
    Timing {
        /// What and why.
        what: &'static str,
    },
    /// A setting of the strategy, an analysis or a hook makes no sense.
    #[error("{what}")]
    Settings {
        /// What and why.
        what: String,
    },
    /// More hosts do not answer than are put up with.
    #[error(
        "{} of the hosts do not answer, and failure_budget puts up with {budget}: {}",
        unreachable.len(), words(unreachable)
    )]
    Unreachable {
        /// Which, with what was seen.
        unreachable: Vec<(HostId, String)>,
        /// How many are put up with.
        budget: usize,
    },
    /// A version that cannot be changed hot was to be.
    #[error("{} cannot be upgraded hot to {}: {}", from.short(), to.short(), reasons.join("; "))]
    NotHot {
        /// The version that serves.
        from: ArtifactId,
        /// The candidate.
        to: ArtifactId,
        /// Why.
        reasons: Vec<String>,
    },
    /// Stable would stop before the candidate runs, and nothing else would serve.
    #[error(
        "with surge off a host stops stable before it starts the candidate: of {instances} instances \
         {left} would be left, and min_available is {}; choose another strategy, a smaller max_parallel or \
         more hosts", count(*min_available)
    )]
    BreaksMinAvailable {
        /// Instances of the service.
        instances: usize,
        /// How many take traffic while the largest batch does not.
        left: usize,
        /// What is wanted.
        min_available: HostCount,
    },
}

fn list(serving: &[(HostId, ArtifactId)]) -> String {
    let parts: Vec<_> = serving
        .iter()
        .map(|(host, artifact)| format!("{} on {host}", artifact.short()))
        .collect();
    parts.join(", ")
}

fn words(unreachable: &[(HostId, String)]) -> String {
    let parts: Vec<_> = unreachable
        .iter()
        .map(|(host, detail)| format!("{host} ({detail})"))
        .collect();
    parts.join(", ")
}

fn count(count: HostCount) -> String {
    match count {
        HostCount::Hosts(count) => count.to_string(),
        HostCount::Percent(percent) => format!("{percent} %"),
    }
}
