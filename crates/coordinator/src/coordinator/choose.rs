//! Choices before a plan: of an earlier version, and between hot and its fallback.

use rollout::{ArtifactId, Chosen, HotVerdict, Purpose, ServiceKey, Strategy, Version};

use super::ask::Known;
use crate::error::Error;
use crate::facts::Gathered;
use crate::request::Request;

/// The version and how it was chosen, as a plan wants them.
type Choice = (Purpose, Version, Chosen);

/// Chooses the version to go back to: the one named, or the newest earlier one that is not marked bad and
/// that every host still has.
pub(super) fn earlier(
    service: &ServiceKey,
    to: Option<&ArtifactId>,
    known: &Known,
    gathered: &[Gathered],
) -> Result<Choice, Error> {
    let stored = |artifact: &str| gathered.iter().all(|host| host.has(artifact));
    if let Some(to) = to {
        let vsn = gathered
            .iter()
            .flat_map(|host| &host.artifacts)
            .find(|(id, _)| id == to.as_str())
            .map_or_else(String::new, |(_, vsn)| vsn.clone());
        return Ok((
            Purpose::Rollback,
            Version {
                artifact: to.clone(),
                vsn,
            },
            Chosen::ByName,
        ));
    }
    let current = known
        .current
        .as_ref()
        .map(|current| current.artifact.as_str());
    let found = known.history.iter().find(|version| {
        Some(version.artifact.as_str()) != current
            && !known
                .marks
                .iter()
                .any(|mark| mark.artifact == version.artifact)
            && stored(&version.artifact)
    });
    let version = found.ok_or_else(|| Error::NoEarlier {
        service: service.clone(),
    })?;
    let artifact = ArtifactId::parse(&version.artifact)?;
    Ok((
        Purpose::Rollback,
        Version {
            artifact,
            vsn: version.vsn.clone(),
        },
        Chosen::ByRule,
    ))
}

/// Returns what `auto` goes by. No host can change the code of running nodes yet, however safe it were, so
/// `auto` takes its fallback, and the plan says why.
pub(super) fn verdict(request: &Request) -> Option<HotVerdict> {
    let verdict = request.verdict.clone()?;
    if !matches!(request.strategy, Strategy::Auto { .. }) || !verdict.safe {
        return Some(verdict);
    }
    let mut reasons = verdict.reasons;
    reasons.push(
        "the pair is safe for a hot upgrade, but that needs an upgrade package, which no command makes yet"
            .into(),
    );
    Some(HotVerdict {
        safe: false,
        reasons,
    })
}
