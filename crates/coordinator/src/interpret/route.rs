//! Where traffic goes: shares, testers, stickiness, and what a balancer in front is told.

use agent::api::v1::{Route, RouteVersion};
use proxy::control::v1::{Commitment, Preview, Readiness, ServiceStatus, Sticky, Testers};
use rollout::{ArtifactId, Plan, Reply, Share, Stickiness};

use super::{Attempt, Means, done};
use crate::facts::optional;
use crate::host::{Host, HostError};

/// A route that is wanted.
pub(super) struct Wanted<'a> {
    pub(super) shares: &'a [Share],
    pub(super) commitment: &'a rollout::Commitment,
    pub(super) testers: Option<&'a ArtifactId>,
    pub(super) stickiness: Stickiness,
}

pub(super) async fn route<H: Host>(
    host: &H,
    means: &Means,
    wanted: &Wanted<'_>,
) -> Result<Attempt, HostError> {
    let service = means.plan.service.as_str();
    let settings = &means.settings;
    // A host that left the balancer stays out until it is told to return.
    let ready = match &settings.readiness {
        None => true,
        Some(_) => optional(host.routed(service).await)?
            .and_then(|status| status.config.readiness)
            .is_none_or(|readiness| readiness.ready),
    };
    let route = Route {
        listen: settings.listen,
        hosts: settings.hosts.clone(),
        path_prefix: settings.path_prefix.clone(),
        limits: settings.limits.clone(),
        versions: wanted
            .shares
            .iter()
            .map(|share| RouteVersion {
                artifact: share.artifact.to_string(),
                weight: share.weight,
                instances: share.instances.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        commitment: match wanted.commitment {
            rollout::Commitment::Committed => Commitment::Committed,
            rollout::Commitment::Leased { ttl_ms, stable } => Commitment::Leased {
                ttl_ms: *ttl_ms,
                stable: stable.to_string(),
            },
        },
        sticky: match wanted.stickiness {
            Stickiness::Cookie => Some(Sticky {
                cookie: settings.sticky_cookie.clone(),
                max_age_s: sticky_for_s(&means.plan),
            }),
            Stickiness::Off => None,
        },
        testers: settings
            .testers
            .as_ref()
            .zip(wanted.testers)
            .map(|(header, artifact)| Testers {
                header: header.header.clone(),
                value: header.value.clone(),
                artifact: artifact.to_string(),
            }),
        preview: settings
            .preview
            .zip(wanted.testers)
            .map(|(listen, artifact)| Preview {
                listen,
                artifact: artifact.to_string(),
            }),
        readiness: settings.readiness.as_ref().map(|path| Readiness {
            path: path.clone(),
            ready,
        }),
    };
    host.route(service, &route).await?;
    Ok(done(Vec::new()))
}

/// How long a client keeps its bucket, in seconds: longer than the rollout can take.
fn sticky_for_s(plan: &Plan) -> u64 {
    let steps_ms: u64 = plan.steps.iter().map(|step| step.longest_ms).sum();
    steps_ms
        .saturating_add(plan.timing.pause_max_ms)
        .div_ceil(1000)
        .max(86_400)
}

/// Checks that a proxy keeps the candidate's weights, and as firmly as asked.
pub(super) fn holds(status: &ServiceStatus, plan: &Plan, firm: &[Commitment]) -> Attempt {
    let candidate = plan.candidate.artifact.as_str();
    let weight = status
        .config
        .versions
        .iter()
        .find(|version| version.artifact == candidate)
        .map_or(0, |version| version.weight);
    let leased = matches!(status.config.commitment, Commitment::Leased { .. });
    if weight != 100 || leased || !(firm.is_empty() || firm.contains(&status.config.commitment)) {
        let commitment = &status.config.commitment;
        return Attempt::Reply(Reply::Refused {
            detail: format!("the proxy gives the candidate {weight} %, {commitment:?}"),
        });
    }
    done(Vec::new())
}
