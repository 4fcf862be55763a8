//! Where a release is.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sys::file::FileError;
use tempfile::TempDir;

use super::{PairError, archive};

/// Where a release is, and which one of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// An assembled release.
    Directory {
        /// Its root.
        root: PathBuf,
        /// The version meant; otherwise that of `start_erl.data`.
        vsn: Option<String>,
    },
    /// A compressed tar of one.
    TarGz {
        /// The file.
        path: PathBuf,
        /// The version meant; otherwise that of `start_erl.data`.
        vsn: Option<String>,
    },
    /// An artifact.
    Artifact {
        /// The file.
        path: PathBuf,
    },
}

impl Source {
    /// Tells by a look at it what a path is.
    ///
    /// # Errors
    /// Where it cannot be read, or is none of the three.
    pub fn open(path: &Path, vsn: Option<&str>) -> Result<Self, PairError> {
        let vsn = vsn.map(str::to_owned);
        let path = path.to_owned();
        let metadata = std::fs::metadata(&path).map_err(FileError::at("read", &path))?;
        if metadata.is_dir() {
            return Ok(Self::Directory { root: path, vsn });
        }
        let mut magic = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(4).read_to_end(&mut magic))
            .map_err(FileError::at("read", &path))?;
        match magic[..] {
            [0x1f, 0x8b, ..] => Ok(Self::TarGz { path, vsn }),
            [0x28, 0xb5, 0x2f, 0xfd] => Ok(Self::Artifact { path }),
            _ => Err(PairError::NotRelease {
                place: path,
                reason: "neither a directory, nor a .tar.gz, nor an artifact".to_owned(),
            }),
        }
    }

    /// The directory or file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Directory { root: path, .. }
            | Self::TarGz { path, .. }
            | Self::Artifact { path } => path,
        }
    }

    pub(super) fn vsn(&self) -> Option<&str> {
        match self {
            Self::Directory { vsn, .. } | Self::TarGz { vsn, .. } => vsn.as_deref(),
            Self::Artifact { .. } => None,
        }
    }

    /// The archive of debug chunks beside an artifact, where there is one.
    pub fn side_archive(&self) -> Option<PathBuf> {
        let Self::Artifact { path } = self else {
            return None;
        };
        let path = path.with_extension("debug.tar.zst");
        path.is_file().then_some(path)
    }

    /// Makes files readable by their paths below a directory: the release's own, or a temporary one
    /// that holds those files only.
    ///
    /// # Errors
    /// Where the archive cannot be read, or the temporary files not be written.
    pub fn files(&self, wanted: &HashSet<&str>) -> Result<Files, PairError> {
        match self {
            Self::Directory { root, .. } => Ok(Files {
                root: root.clone(),
                temporary: None,
            }),
            _ => archive::extract(self, wanted),
        }
    }
}

/// Files of a release, readable below a root as long as this value lives.
#[derive(Debug)]
pub struct Files {
    pub(super) root: PathBuf,
    pub(super) temporary: Option<TempDir>,
}

impl Files {
    /// The directory that the paths are below.
    pub fn root(&self) -> &Path {
        self.temporary.as_ref().map_or(&self.root, TempDir::path)
    }
}
