//! Packing: a checked release becomes one signed file in the store.
//!
//! Files are hashed, the manifest is made from the hashes and signed, then everything is streamed
//! through tar and zstd into a temporary file that is renamed when it is whole. Memory stays bounded
//! whatever the release holds. From the same files come the same manifest and the same id; times,
//! owners, umask and file order of the machine leave no trace.

mod describe;
mod hash;
mod write;

use std::path::PathBuf;

use sys::file::FileError;

use crate::check::CheckedRelease;
use crate::sbom::Sources;
use crate::sign::{KeyError, SigningKey, TrustedKeys};
use crate::store::Store;
use crate::unpack;
use crate::{ArtifactId, Manifest};

pub use describe::DescribeError;

/// How hard to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compression {
    /// The zstd level, 1 to 19.
    pub level: u8,
    /// Threads that compress, at least one. zstd promises the same bytes for any number of them.
    pub threads: u8,
}

impl Compression {
    /// Level 9 on two threads.
    pub const DEFAULT: Self = Self {
        level: 9,
        threads: 2,
    };
}

/// What packing is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Digests are computed.
    Hashing,
    /// The file is written.
    Compressing,
}

/// How far a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The stage.
    pub stage: Stage,
    /// Bytes of content done.
    pub bytes_done: u64,
    /// Bytes of content in all.
    pub bytes_total: u64,
}

/// A packed artifact.
#[derive(Debug, Clone)]
pub struct Packed {
    /// Its id.
    pub id: ArtifactId,
    /// Its file in the store.
    pub path: PathBuf,
    /// The file's size in bytes.
    pub bytes: u64,
    /// What it holds.
    pub manifest: Manifest,
    /// Whether it was made now.
    pub origin: Origin,
}

/// Whether an artifact was made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Made now.
    Made,
    /// The same one, signed by the same key, was in the store already.
    AlreadyThere,
}

/// Why a release could not be packed. Nothing is left in the store.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The disk of the store is full.
    #[error("no space left in {} for the artifact (its files hold {needed} bytes before compression); make room there and build again", dir.display())]
    NoSpace {
        /// The store.
        dir: PathBuf,
        /// Bytes before compression.
        needed: u64,
    },
    /// A file was not the same when it was read again.
    #[error("{}: changed while it was packed; build again with nothing else writing there", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The release cannot be described.
    #[error(transparent)]
    Describe(#[from] DescribeError),
    /// It could not be signed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Packs a release, signs it and puts it into the store.
///
/// `sources` tells the bill of materials where applications come from.
///
/// # Errors
/// As [`PackError`] says; the store is as it was.
pub fn pack(
    release: &CheckedRelease,
    key: &SigningKey,
    store: &Store,
    sources: &Sources,
    compression: Compression,
    progress: &mut dyn FnMut(Progress),
) -> Result<Packed, PackError> {
    let tree = release.tree();
    let contents = hash::contents(tree, progress)?;
    let (manifest, sbom) = describe::describe(release, contents, sources)?;
    let manifest_bytes = manifest.to_bytes();
    let id = ArtifactId::of_manifest_bytes(&manifest_bytes);
    let path = store.path(&id);
    let own = TrustedKeys::of(key);
    let origin = if path.exists() && unpack::verify(&path, &own).is_ok() {
        store.renew(&id)?;
        Origin::AlreadyThere
    } else {
        let head = write::Head {
            signature: key.sign(&manifest_bytes, &id)?,
            manifest: manifest_bytes,
            sbom,
        };
        write::write(tree, &manifest, &head, &path, compression, progress)?;
        Origin::Made
    };
    let bytes = std::fs::metadata(&path)
        .map_err(FileError::at("read", &path))?
        .len();
    Ok(Packed {
        id,
        path,
        bytes,
        manifest,
        origin,
    })
}
