//! What an upgrade package holds.

use crate::manifest::{Content, Entry, EntryKind, EntryPath};

use super::layout::{is_versioned, join, split};
use super::wire::{self, UpgradeManifestError};

/// What an upgrade package holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpgradeManifest {
    /// The name of the release.
    pub release: String,
    /// The older release.
    pub a: Side,
    /// The newer release.
    pub b: Side,
    /// The file `relup` of the newer one, which speaks of both directions.
    pub relup: Content,
    /// Files that are the same in both.
    pub shared: Vec<Shared>,
    /// Files that differ.
    pub groups: Vec<Group>,
}

/// One of the two releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Its version.
    pub vsn: String,
    /// The version of its ERTS.
    pub erts: String,
    /// Its applications with their versions, in the order of its `.rel` file: its entry in `RELEASES`.
    pub applications: Vec<(String, String)>,
    /// A digest of all its files.
    pub digest: blake3::Hash,
}

/// Files that are the same in a directory of both releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The directory in the older release; empty for the root.
    pub from: String,
    /// The directory in the newer one.
    pub to: String,
    /// Their paths in it, each with a mark: the first bytes of a digest. The digest of the release
    /// proves what they hold; the mark tells which one differs, if one does.
    pub files: Vec<(String, Mark)>,
}

/// The first bytes of a file's digest.
pub type Mark = [u8; 4];

/// Files that differ, compressed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Those of the older release.
    pub a: Vec<Entry>,
    /// Those of the newer one.
    pub b: Vec<Entry>,
    /// Whether each direction is compressed against the other side's files.
    pub delta: bool,
}

/// Which of the two releases is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    A,
    B,
}

impl UpgradeManifest {
    /// The bytes of `manifest.json`.
    pub fn to_bytes(&self) -> Vec<u8> {
        wire::render(self)
    }

    /// Reads `manifest.json`.
    ///
    /// # Errors
    /// Where the bytes are no manifest of a version known here, name a path that leaves the release or
    /// is the host's, or exceed a limit.
    pub fn parse(bytes: &[u8]) -> Result<Self, UpgradeManifestError> {
        wire::parse(bytes)
    }

    pub(super) fn side(&self, which: Which) -> &Side {
        match which {
            Which::A => &self.a,
            Which::B => &self.b,
        }
    }

    /// The shared files of one side: its path there, that in the other, and the mark.
    pub(super) fn shared_of(&self, which: Which) -> impl Iterator<Item = (String, String, Mark)> {
        self.shared.iter().flat_map(move |shared| {
            let (own, other) = match which {
                Which::A => (&shared.from, &shared.to),
                Which::B => (&shared.to, &shared.from),
            };
            let files = shared.files.iter();
            files.map(move |(path, mark)| (join(own, path), join(other, path), *mark))
        })
    }
}

impl Group {
    /// Whether all its files lie in directories that carry a version, so that none is replaced.
    pub(super) fn lies_in_versions(&self) -> bool {
        let mut entries = self.a.iter().chain(&self.b);
        entries.all(|entry| is_versioned(split(entry.path.as_str()).0))
    }

    pub(super) fn side(&self, which: Which) -> &[Entry] {
        match which {
            Which::A => &self.a,
            Which::B => &self.b,
        }
    }
}

impl Which {
    pub(super) fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// The bytes of content of some entries.
pub(super) fn content_bytes(entries: &[Entry]) -> u64 {
    let sizes = entries.iter().map(|entry| match &entry.kind {
        EntryKind::File { content, .. } => content.size,
        EntryKind::Symlink { .. } => 0,
    });
    sizes.fold(0, u64::saturating_add)
}

/// The first bytes of the digest of what an entry is.
pub(super) fn mark(kind: &EntryKind) -> Mark {
    let digest = *kind.digest().as_bytes();
    [digest[0], digest[1], digest[2], digest[3]]
}

/// A digest of a whole release: of every path and what is there, sorted by path.
pub(super) fn digest<'a>(entries: impl Iterator<Item = (&'a str, blake3::Hash)>) -> blake3::Hash {
    let mut sorted: Vec<(&str, blake3::Hash)> = entries.collect();
    sorted.sort_unstable_by_key(|(path, _)| *path);
    let mut hasher = blake3::Hasher::new();
    for (path, digest) in sorted {
        hasher.update(path.as_bytes());
        hasher.update(&[0]);
        hasher.update(digest.as_bytes());
    }
    hasher.finalize()
}

/// A path that was proven to be one when the manifest was read.
pub(super) fn entry_path(path: String) -> Result<EntryPath, UpgradeManifestError> {
    Ok(EntryPath::new(path)?)
}
