//! The artifacts of this machine: `ID.cutover`, and beside it `ID.debug.tar.zst`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, utimensat};
use sys::file::{FileError, create_private_dir, sync_dir};

use crate::unpack::{UnpackError, read_manifest};
use crate::{ArtifactId, Manifest};

/// A directory of artifacts.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

/// An artifact of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: ArtifactId,
    /// Its file.
    pub path: PathBuf,
    /// The file's size in bytes.
    pub bytes: u64,
    /// When it was built here last.
    pub since: SystemTime,
}

/// Why an artifact cannot be found or handled.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be read or changed.
    #[error(transparent)]
    File(#[from] FileError),
    /// Nothing matches.
    #[error("no artifact {wanted:?} in {}; `cutover release list` shows what is there", dir.display())]
    NotFound {
        /// What was asked for.
        wanted: String,
        /// The store.
        dir: PathBuf,
    },
    /// Several match.
    #[error(
        "{wanted:?} means several artifacts: {}; give more digits of the id",
        Ids(matches)
    )]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// What it matches, newest first.
        matches: Vec<ArtifactId>,
    },
}

struct Ids<'a>(&'a [ArtifactId]);

impl fmt::Display for Ids<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(ArtifactId::short).collect();
        f.write_str(&names.join(", "))
    }
}

impl Store {
    /// Opens the store in a directory, which is made (0700) on first use.
    ///
    /// # Errors
    /// Where the directory cannot be made.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let dir = dir.into();
        create_private_dir(&dir)?;
        Ok(Self { dir })
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the artifact of that id is or would be.
    pub fn path(&self, id: &ArtifactId) -> PathBuf {
        self.dir.join(format!("{id}.cutover"))
    }

    /// Where its debug chunks are or would be.
    pub fn debug_path(&self, id: &ArtifactId) -> PathBuf {
        self.dir.join(format!("{id}.debug.tar.zst"))
    }

    /// Says whether it is there.
    pub fn contains(&self, id: &ArtifactId) -> bool {
        self.path(id).is_file()
    }

    /// Makes one that is there the latest, as if it had come just now.
    pub(crate) fn renew(&self, id: &ArtifactId) -> Result<(), FileError> {
        let path = self.path(id);
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_NOW,
        };
        let times = Timestamps {
            last_access: now,
            last_modification: now,
        };
        utimensat(CWD, &path, &times, AtFlags::empty())
            .map_err(|e| FileError::at("touch", path)(e.into()))
    }

    /// Lists what is there, newest first.
    ///
    /// # Errors
    /// Where the directory cannot be read.
    pub fn list(&self) -> Result<Vec<Stored>, StoreError> {
        let mut stored = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(FileError::at("list", &self.dir))? {
            let entry = entry.map_err(FileError::at("list", &self.dir))?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|n| n.strip_suffix(".cutover"));
            let Some(Ok(id)) = id.map(str::parse::<ArtifactId>) else {
                continue;
            };
            let path = entry.path();
            let metadata = entry.metadata().map_err(FileError::at("read", &path))?;
            let since = metadata.modified().map_err(FileError::at("read", &path))?;
            stored.push(Stored {
                id,
                path,
                bytes: metadata.len(),
                since,
            });
        }
        stored.sort_by_key(|s| (std::cmp::Reverse(s.since), s.id));
        Ok(stored)
    }

    /// Finds one by what a person types: `latest`, the first digits of its id (four or more), or its
    /// version, of which the newest is meant.
    ///
    /// # Errors
    /// Where there is none, or several ids start so.
    pub fn find(&self, wanted: &str) -> Result<Stored, StoreError> {
        self.pick(wanted, |_| true)
    }

    /// As [`Store::find`], but `latest` and a version mean artifacts of that release alone: the store is
    /// shared by all projects of this machine. An id is taken as it is.
    ///
    /// # Errors
    /// As [`Store::find`].
    pub fn find_of(&self, wanted: &str, release: &str) -> Result<Stored, StoreError> {
        self.pick(wanted, |manifest| manifest.release == release)
    }

    fn pick(&self, wanted: &str, meant: impl Fn(&Manifest) -> bool) -> Result<Stored, StoreError> {
        let mut stored = self.list()?;
        let not_found = || StoreError::NotFound {
            wanted: wanted.to_owned(),
            dir: self.dir.clone(),
        };
        let by_label = |s: &Stored| {
            read_manifest(&s.path)
                .is_ok_and(|m| meant(&m) && (wanted == "latest" || m.vsn == wanted))
        };
        if let Some(index) = stored.iter().position(by_label) {
            return Ok(stored.swap_remove(index));
        }
        let is_prefix = wanted.len() >= 4 && wanted.bytes().all(|b| b.is_ascii_hexdigit());
        let prefix = wanted.to_ascii_lowercase();
        stored.retain(|s| is_prefix && s.id.to_string().starts_with(&prefix));
        match stored.len() {
            0 => Err(not_found()),
            1 => Ok(stored.remove(0)),
            _ => Err(StoreError::Ambiguous {
                wanted: wanted.to_owned(),
                matches: stored.iter().map(|s| s.id).collect(),
            }),
        }
    }

    /// Reads the manifest of one, without verifying it.
    ///
    /// # Errors
    /// Where its file is no artifact.
    pub fn manifest(&self, id: &ArtifactId) -> Result<Manifest, UnpackError> {
        read_manifest(&self.path(id))
    }

    /// Removes one and its debug chunks; one that is not there is removed already.
    ///
    /// # Errors
    /// Where a file cannot be removed.
    pub fn remove(&self, id: &ArtifactId) -> Result<(), StoreError> {
        for path in [self.path(id), self.debug_path(id)] {
            match fs::remove_file(&path) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(FileError::at("remove", path)(e).into());
                }
                _ => {}
            }
        }
        Ok(sync_dir(&self.dir)?)
    }
}
