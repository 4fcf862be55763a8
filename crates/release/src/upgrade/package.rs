//! Reading an upgrade package of unknown origin.
//!
//! In this order: the file is whole, its signature counts, its manifest is one; then its blobs stream
//! by, in the order of the manifest. What they unpack to is held against the manifest while it is staged.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use sys::file::FileError;
use tar::{Archive, Entries, EntryType};

use super::UpgradeError;
use super::manifest::{UpgradeManifest, Which, content_bytes};
use super::write::{RELUP, blob_name};
use crate::ArtifactId;
use crate::archive::{self, Integrity};
use crate::manifest::{Content, MANIFEST_BYTES_MAX};
use crate::sign::{SIGNATURE_BYTES_MAX, TrustedKeys};

/// The largest `relup` that is read, in bytes.
const RELUP_BYTES_MAX: u64 = 16 << 20;

/// What manifest, signature and relup unpack to at most, with the headers of the entries.
const HEAD_BYTES_MAX: u64 = MANIFEST_BYTES_MAX + RELUP_BYTES_MAX + (64 << 20);

/// Whose packages are accepted.
#[derive(Debug, Clone, Copy)]
pub enum Trust<'a> {
    /// Those that one of these keys signed.
    Keys(&'a TrustedKeys),
    /// Any: no key is pinned here.
    Anyone,
}

/// An upgrade package that is whole, and signed where that is asked for.
#[derive(Debug, Clone)]
pub struct Package {
    pub(super) path: PathBuf,
    /// What it holds.
    pub manifest: UpgradeManifest,
    /// Its id.
    pub id: ArtifactId,
    /// The id of the key that signed it, where that was asked for.
    pub key: Option<String>,
    pub(super) relup: Vec<u8>,
}

type Plain = io::Take<zstd::Decoder<'static, BufReader<io::Take<File>>>>;

impl Package {
    /// Reads the head of a package and verifies it.
    ///
    /// # Errors
    /// Where the file is not whole, is no package, or its signature does not count.
    pub fn open(path: &Path, trust: Trust<'_>) -> Result<Self, UpgradeError> {
        let mut archive = open(path)?;
        let mut entries = archive.entries().map_err(damaged(path))?;
        let not_package = || UpgradeError::NotPackage {
            path: path.to_owned(),
        };
        let bytes = next(path, &mut entries, archive::MANIFEST, MANIFEST_BYTES_MAX)?;
        let bytes = bytes.ok_or_else(not_package)?;
        let signature = next(path, &mut entries, archive::SIGNATURE, SIGNATURE_BYTES_MAX)?;
        let signature = signature.ok_or_else(not_package)?;
        let key =
            match trust {
                Trust::Anyone => None,
                Trust::Keys(keys) => Some(keys.verify(&bytes, &signature).map_err(|source| {
                    UpgradeError::Signature {
                        path: path.to_owned(),
                        source,
                    }
                })?),
            };
        let manifest = UpgradeManifest::parse(&bytes).map_err(|source| UpgradeError::Manifest {
            path: path.to_owned(),
            source,
        })?;
        let relup = next(path, &mut entries, RELUP, RELUP_BYTES_MAX)?;
        let relup = relup.filter(|relup| Content::of(relup) == manifest.relup);
        let relup = relup.ok_or_else(|| UpgradeError::Contradiction {
            path: path.to_owned(),
            reason: "its relup is missing or another one".to_owned(),
        })?;
        Ok(Self {
            path: path.to_owned(),
            id: ArtifactId::of_manifest_bytes(&bytes),
            manifest,
            key,
            relup,
        })
    }

    /// Visits the blobs that lead to a side, with the number of their group.
    pub(super) fn blobs(
        &self,
        to: Which,
        visit: &mut dyn FnMut(usize, &mut dyn Read) -> Result<(), UpgradeError>,
    ) -> Result<(), UpgradeError> {
        let groups = self.manifest.groups.iter().enumerate();
        let mut expected = groups
            .filter(|(_, group)| content_bytes(group.side(to)) > 0)
            .map(|(number, _)| number)
            .peekable();
        let mut archive = open(&self.path)?;
        for entry in archive.entries().map_err(damaged(&self.path))? {
            let mut entry = entry.map_err(damaged(&self.path))?;
            let Some(&number) = expected.peek() else {
                break;
            };
            if *entry.path_bytes() == *blob_name(to, number).as_bytes() {
                expected.next();
                visit(number, &mut entry)?;
            }
        }
        match expected.next() {
            None => Ok(()),
            Some(number) => Err(UpgradeError::Contradiction {
                path: self.path.clone(),
                reason: format!("{} is missing", blob_name(to, number)),
            }),
        }
    }
}

fn open(path: &Path) -> Result<Archive<Plain>, UpgradeError> {
    let mut file = File::open(path).map_err(FileError::at("open", path))?;
    let integrity = archive::integrity(&mut file).map_err(FileError::at("read", path))?;
    let reason = match integrity {
        Integrity::Whole(content) => {
            file.rewind().map_err(FileError::at("read", path))?;
            let mut decoder = zstd::Decoder::new(file.take(content)).map_err(damaged(path))?;
            decoder
                .window_log_max(archive::WINDOW_LOG_MAX)
                .map_err(damaged(path))?;
            // The blobs are compressed already; the manifest compresses well.
            let limit = content.saturating_mul(2).saturating_add(HEAD_BYTES_MAX);
            return Ok(Archive::new(decoder.take(limit)));
        }
        Integrity::NotArtifact => {
            return Err(UpgradeError::NotPackage {
                path: path.to_owned(),
            });
        }
        Integrity::CutShort => "it is cut short",
        Integrity::Altered => "it was altered after it was made",
    };
    Err(UpgradeError::Damaged {
        path: path.to_owned(),
        reason: reason.to_owned(),
    })
}

fn damaged(path: &Path) -> impl Fn(io::Error) -> UpgradeError + '_ {
    |e| UpgradeError::Damaged {
        path: path.to_owned(),
        reason: e.to_string(),
    }
}

/// Reads the next entry whole if it is the file of that name and not too large.
fn next(
    path: &Path,
    entries: &mut Entries<'_, Plain>,
    name: &str,
    limit: u64,
) -> Result<Option<Vec<u8>>, UpgradeError> {
    let Some(entry) = entries.next() else {
        return Ok(None);
    };
    let entry = entry.map_err(damaged(path))?;
    let is_file = entry.header().entry_type() == EntryType::Regular;
    if !is_file || *entry.path_bytes() != *name.as_bytes() || entry.size() > limit {
        return Ok(None);
    }
    let size = entry.size();
    let mut bytes = Vec::new();
    entry
        .take(size)
        .read_to_end(&mut bytes)
        .map_err(damaged(path))?;
    Ok((bytes.len() as u64 == size).then_some(bytes))
}
