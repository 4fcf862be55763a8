//! What an artifact holds: every file with its digest, every module with its own.
//!
//! The manifest is the artifact's identity: [`Manifest::to_bytes`] is canonical (one byte string for one
//! manifest) and [`Manifest::parse`] accepts nothing else. It names no cookie, no time, no host path.

mod path;
#[cfg(test)]
mod tests;
mod v1;

use std::fmt;

use beam::ModuleMd5;

use crate::ArtifactId;

pub use path::{EntryPath, InvalidPath};
pub use v1::ManifestError;

/// The largest manifest that is read, in bytes.
pub const MANIFEST_BYTES_MAX: u64 = 64 << 20;
/// The most files and links of an artifact.
pub const ENTRIES_MAX: usize = 400_000;
/// The most bytes that the files of an artifact hold together.
pub const CONTENT_BYTES_MAX: u64 = 64 << 30;

/// What an artifact holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The release's name, which is its launcher's (`bin/NAME`).
    pub release: String,
    /// The release's version: a label, not an identity.
    pub vsn: String,
    /// The version of ERTS inside, such as `13.1.5`.
    pub erts: String,
    /// The OTP release that this ERTS belongs to, such as `25`.
    pub otp: String,
    /// The Elixir version inside; a plain Erlang release has none.
    pub elixir: Option<String>,
    /// What machine its native code runs on, such as `x86_64-linux-gnu`.
    pub target: String,
    /// The applications inside, sorted by name.
    pub applications: Vec<Application>,
    /// The modules outside applications: `releases/VSN/consolidated`, sorted by name.
    pub consolidated: Vec<Module>,
    /// The files and links under `release/`, sorted by path.
    pub entries: Vec<Entry>,
    /// The digest and size of `sbom.cdx.json`.
    pub sbom: Content,
}

/// An application inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// Its version.
    pub vsn: String,
    /// Its modules, sorted by name.
    pub modules: Vec<Module>,
}

/// A module inside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// The digest of its code, equal to `beam_lib:md5/1`.
    pub md5: ModuleMd5,
}

/// A file or link inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its path below the release's root.
    pub path: EntryPath,
    /// What it is.
    pub kind: EntryKind,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File {
        /// Whether it may be run: mode 0755 rather than 0644.
        executable: bool,
        /// What it holds.
        content: Content,
    },
    /// A symbolic link that stays inside the release.
    Symlink {
        /// Its target, relative to the directory it is in.
        target: String,
    },
}

impl EntryKind {
    /// A digest of all that it is: content and mode of a file, target of a link.
    pub(crate) fn digest(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        match self {
            Self::File {
                executable,
                content,
            } => {
                hasher.update(if *executable { b"x" } else { b"f" });
                hasher.update(content.blake3.as_bytes());
            }
            Self::Symlink { target } => {
                hasher.update(b"l");
                hasher.update(target.as_bytes());
            }
        }
        hasher.finalize()
    }
}

/// Size and digest of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// Its size in bytes.
    pub size: u64,
    /// The BLAKE3 of its bytes.
    pub blake3: blake3::Hash,
}

impl Content {
    /// Computes size and digest of bytes in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            size: bytes.len() as u64,
            blake3: blake3::hash(bytes),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes, {})", self.size, self.blake3.to_hex())
    }
}

impl Manifest {
    /// The canonical bytes of `manifest.json`.
    pub fn to_bytes(&self) -> Vec<u8> {
        v1::render(self)
    }

    /// Reads `manifest.json`, and nothing but its canonical bytes.
    ///
    /// # Errors
    /// Where the bytes are not a manifest of a version known here, are not canonical, hold a path that
    /// leaves the release, or exceed a limit.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        v1::parse(bytes)
    }

    /// The artifact's identity.
    pub fn id(&self) -> ArtifactId {
        ArtifactId::of_manifest_bytes(&self.to_bytes())
    }

    /// The bytes that all files hold together, before compression.
    pub fn content_bytes(&self) -> u64 {
        self.entries
            .iter()
            .map(|entry| match &entry.kind {
                EntryKind::File { content, .. } => content.size,
                EntryKind::Symlink { .. } => 0,
            })
            .fold(0, u64::saturating_add)
    }

    /// Every module with its application, consolidated protocols (application `None`) last.
    pub fn modules(&self) -> impl Iterator<Item = (Option<&Application>, &Module)> {
        let applications = self.applications.iter();
        applications
            .flat_map(|app| app.modules.iter().map(move |module| (Some(app), module)))
            .chain(self.consolidated.iter().map(|module| (None, module)))
    }
}
