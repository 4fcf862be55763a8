//! The host's store: artifacts verified, then unpacked once, immutable.

use std::fs;
use std::path::{Path, PathBuf};

use http::StatusCode;
use release::unpack::{Origin, UnpackError};
use release::{ArtifactId, Manifest, TrustedKeys};
use sys::file::FileError;

use crate::api::v1::{ArtifactInfo, ImportArtifact};
use crate::home::Home;
use crate::refusal::Refusal;

/// Where the release of an artifact lies.
pub(crate) fn release(store: &Path, artifact: &str) -> PathBuf {
    store.join(artifact).join("release")
}

/// Verifies an artifact file by the pinned keys and unpacks it. Blocks.
pub(crate) fn import(home: &Home, import: &ImportArtifact) -> Result<ArtifactInfo, Refusal> {
    let wanted = id(&import.artifact)?;
    let trusted = TrustedKeys::load(&home.trusted())
        .map_err(|error| Refusal::unusable("trusted_keys", error))?;
    let verified =
        release::unpack::unpack(&import.path, &trusted, &home.store()).map_err(refused)?;
    if verified.id != wanted {
        let message = format!(
            "{} holds artifact {}, not {}",
            import.path.display(),
            verified.id.short(),
            wanted.short()
        );
        return Err(Refusal::unusable("wrong_artifact", message));
    }
    Ok(info(
        &verified.manifest,
        verified.id,
        verified.origin == Origin::AlreadyThere,
    ))
}

/// Lists what is in the store. Blocks.
pub(crate) fn list(home: &Home) -> Result<Vec<ArtifactInfo>, Refusal> {
    let store = home.store();
    let mut found = Vec::new();
    for entry in fs::read_dir(&store).map_err(FileError::at("list", &store))? {
        let entry = entry.map_err(FileError::at("list", &store))?;
        let name = entry.file_name();
        // Anything else is being unpacked, or is not ours.
        let Some(Ok(id)) = name.to_str().map(str::parse::<ArtifactId>) else {
            continue;
        };
        found.push(info(&manifest(&store, &id.to_string())?, id, true));
    }
    found.sort_by(|a, b| a.artifact.cmp(&b.artifact));
    Ok(found)
}

/// Reads the manifest of an artifact in the store. Blocks.
pub(crate) fn manifest(store: &Path, artifact: &str) -> Result<Manifest, Refusal> {
    let id = id(artifact)?;
    let path = store.join(artifact).join("manifest.json");
    if !path.exists() {
        let message = format!("no artifact {} on this host: import it first", id.short());
        return Err(Refusal::unknown("unknown_artifact", message));
    }
    let bytes = sys::file::read_bounded(&path, release::manifest::MANIFEST_BYTES_MAX)?;
    Manifest::parse(&bytes).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        Refusal::failed("damaged_store", message)
    })
}

fn info(manifest: &Manifest, id: ArtifactId, already: bool) -> ArtifactInfo {
    ArtifactInfo {
        artifact: id.to_string(),
        release: manifest.release.clone(),
        vsn: manifest.vsn.clone(),
        already,
    }
}

fn id(text: &str) -> Result<ArtifactId, Refusal> {
    text.parse()
        .map_err(|error| Refusal::bad("bad_artifact", error))
}

fn refused(error: UnpackError) -> Refusal {
    match error {
        UnpackError::File(error) => error.into(),
        UnpackError::NoSpace { .. } => Refusal {
            status: StatusCode::INSUFFICIENT_STORAGE,
            kind: "no_space".into(),
            message: error.to_string(),
        },
        other => Refusal::unusable("verification_failed", other),
    }
}
