//! Which artifact a person means.

use ledger::wire::v1::{Call, Current, Reply};
use release::store::StoreError;
use release::{ArtifactId, Manifest, Store};

use super::{Lead, unexpected};
use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::settings::Resolved;

/// The fewest digits of an id that are taken for one.
const DIGITS_MIN: usize = 4;

/// Finds the artifact of the service's release that a person named: `latest`, a version, or the first
/// digits of an id.
pub(crate) fn find(
    context: &Context,
    settings: &Resolved,
    store: &Store,
    wanted: &str,
) -> Result<(ArtifactId, Manifest), Failure> {
    let release = release_name(context, settings)?;
    let found = match store.find_of(wanted, &release) {
        Ok(stored) => stored,
        Err(error @ StoreError::NotFound { .. }) => {
            return Err(Failure::of(Kind::Usage, &error)
                .hint(format!("`cutover build` makes one of release {release}")));
        }
        Err(error @ StoreError::Ambiguous { .. }) => return Err(Failure::of(Kind::Usage, &error)),
        Err(error) => return Err(Failure::of(Kind::Other, &error)),
    };
    let manifest = store.manifest(&found.id).or_fail(Kind::Verification)?;
    if manifest.release != release {
        let message = format!(
            "artifact {} is release {}, and {} deploys release {release}",
            found.id.short(),
            manifest.release,
            settings.key()
        );
        return Err(Failure::new(Kind::Configuration, message)
            .hint("`cutover release list` shows which artifact is what"));
    }
    Ok((found.id, manifest))
}

/// The release that the service deploys: as the settings say, else as Mix does.
fn release_name(context: &Context, settings: &Resolved) -> Result<String, Failure> {
    if let Some(name) = &settings.release {
        return Ok(name.clone());
    }
    let progress = context
        .printer
        .progress("asking Mix for the name of the release");
    let project = project::inspect(&settings.dir, &settings.build.mix_env)?;
    let which = project.choose(None).or_fail(Kind::Configuration)?;
    progress.done(which.name());
    Ok(which.name().to_owned())
}

/// Finds the version of this service's own past that a person named: a version, or the first digits of an
/// artifact's id.
pub(crate) async fn find_earlier(
    lead: &Lead,
    service: &str,
    wanted: &str,
) -> Result<rollout::ArtifactId, Failure> {
    let call = Call::Service {
        service: service.to_owned(),
    };
    let history = match lead.ask(&call).await? {
        Reply::Service { history, .. } => history,
        _ => {
            return Err(unexpected());
        }
    };
    let is_digits = wanted.len() >= DIGITS_MIN && wanted.bytes().all(|b| b.is_ascii_hexdigit());
    let is_meant = |past: &&Current| {
        past.vsn == wanted || is_digits && past.artifact.starts_with(&wanted.to_ascii_lowercase())
    };
    // Newest first; the one in service is no earlier one unless nothing else is meant.
    let found = history.iter().skip(1).find(is_meant);
    match found.or_else(|| history.iter().find(is_meant)) {
        Some(past) => rollout::ArtifactId::parse(&past.artifact).or_fail(Kind::Other),
        None => Err(unknown(service, wanted, &history)),
    }
}

fn unknown(service: &str, wanted: &str, history: &[Current]) -> Failure {
    let failure = Failure::new(
        Kind::Usage,
        format!("{service} never ran a version {wanted:?}"),
    );
    let known: Vec<String> = history
        .iter()
        .map(|past| {
            format!(
                "{} ({})",
                past.artifact.get(..12).unwrap_or_default(),
                past.vsn
            )
        })
        .collect();
    match known.as_slice() {
        [] => failure.hint("it was never deployed here"),
        known => failure.hint(format!("it ran, newest first: {}", known.join(", "))),
    }
}
