//! Verifying and unpacking artifacts of unknown origin.
//!
//! In this order: the file is whole (its seal), its signature is by a trusted key over the manifest it
//! carries, and then, while it streams, every entry is the next one of the manifest, with its very path,
//! kind, mode, size and digest. No byte reaches the disk before the signature is verified, none outside
//! a temporary directory before all are, and never more than the manifest says.

mod stream;
mod target;

use std::path::{Path, PathBuf};

use sys::file::FileError;

use crate::manifest::ManifestError;
use crate::sign::{SignatureError, TrustedKeys};
use crate::{ArtifactId, Manifest};

pub use target::remove_leftovers;

/// An artifact that proved to be what its signer made.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Its id.
    pub id: ArtifactId,
    /// What it holds.
    pub manifest: Manifest,
    /// The id of the key that signed it.
    pub key: String,
}

/// An artifact in a host's store.
#[derive(Debug, Clone)]
pub struct Unpacked {
    /// Its id.
    pub id: ArtifactId,
    /// Its directory, which holds `release/`, `manifest.json`, `manifest.json.minisig`, `sbom.cdx.json`.
    pub dir: PathBuf,
    /// What it holds.
    pub manifest: Manifest,
    /// The id of the key that signed it.
    pub key: String,
    /// Whether it was unpacked now.
    pub origin: Origin,
}

/// Whether an artifact was unpacked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Unpacked now.
    Unpacked,
    /// It was in the store already.
    AlreadyThere,
}

/// Why an artifact is not accepted. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is something else.
    #[error("{}: not an artifact; `cutover build` makes one", path.display())]
    NotArtifact {
        /// The file.
        path: PathBuf,
    },
    /// Its end is missing.
    #[error("{}: the artifact is cut short; copy or build it again", path.display())]
    CutShort {
        /// The file.
        path: PathBuf,
    },
    /// Its bytes are not those that were packed.
    #[error("{}: the artifact was damaged or altered after it was packed; copy or build it again", path.display())]
    Altered {
        /// The file.
        path: PathBuf,
    },
    /// Its signature does not count.
    #[error("{}: the artifact is not accepted: {source}", path.display())]
    Signature {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SignatureError,
    },
    /// Its manifest cannot be used.
    #[error("{}: the artifact holds {source}; build it with this version of cutover", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ManifestError,
    },
    /// What it holds is not what its manifest says.
    #[error("{}: the artifact does not hold what its manifest says: {reason}; do not use it, build it again", path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// Where they differ.
        reason: String,
    },
    /// The disk of the store is full.
    #[error("no space left in {} to unpack an artifact of {needed} bytes; make room there and try again", dir.display())]
    NoSpace {
        /// The store.
        dir: PathBuf,
        /// Bytes of its files.
        needed: u64,
    },
}

/// Verifies an artifact to its last byte and writes nothing.
///
/// # Errors
/// As [`UnpackError`] says.
pub fn verify(path: &Path, trusted: &TrustedKeys) -> Result<Verified, UnpackError> {
    let (head, _) = stream::read(path, trusted, |_| Ok(Some(stream::Nowhere)))?;
    Ok(head.verified())
}

/// Verifies an artifact and unpacks it into `store/ID`; one that is there already stays as it is.
///
/// Files become read-only (0444, 0555), as hard links of them are what instances run.
///
/// # Errors
/// As [`UnpackError`] says; `store` is as it was.
pub fn unpack(path: &Path, trusted: &TrustedKeys, store: &Path) -> Result<Unpacked, UnpackError> {
    let dir_of = |head: &stream::Head| store.join(head.id.to_string());
    let (head, target) = stream::read(path, trusted, |head| {
        if target::is_complete(&dir_of(head), &head.manifest_bytes) {
            return Ok(None);
        }
        target::Target::create(store, head).map(Some)
    })?;
    let dir = dir_of(&head);
    let origin = match target {
        None => Origin::AlreadyThere,
        Some(target) => target.commit(&dir)?,
    };
    Ok(Unpacked {
        id: head.id,
        dir,
        manifest: head.manifest,
        key: head.key,
        origin,
    })
}

/// Reads an artifact's manifest only, verifying nothing: for lists, never for use.
///
/// # Errors
/// Where the file does not start with a manifest.
pub fn read_manifest(path: &Path) -> Result<Manifest, UnpackError> {
    stream::manifest_only(path)
}
