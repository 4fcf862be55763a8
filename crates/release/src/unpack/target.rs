//! Where an artifact is unpacked: a temporary directory that becomes `store/ID` in one step.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use sys::file::{FileError, create_private_dir, read_bounded, sync_dir};
use tempfile::TempDir;

use super::stream::{Head, Sink};
use super::{Origin, UnpackError};
use crate::archive;
use crate::manifest::{Entry, MANIFEST_BYTES_MAX};

const TEMPORARY_PREFIX: &str = ".unpack-";

/// Says whether an artifact's directory is there; it came by one rename of something whole.
pub(super) fn is_complete(dir: &Path, manifest: &[u8]) -> bool {
    read_bounded(&dir.join(archive::MANIFEST), MANIFEST_BYTES_MAX)
        .is_ok_and(|found| found == manifest)
}

/// Removes what unpacking left in a store when it was killed. To be called while nothing unpacks there.
///
/// # Errors
/// Where the store cannot be read or a directory cannot be removed.
pub fn remove_leftovers(store: &Path) -> Result<(), FileError> {
    if !store.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(store).map_err(FileError::at("list", store))? {
        let entry = entry.map_err(FileError::at("list", store))?;
        let is_ours = |name: &str| name.starts_with(TEMPORARY_PREFIX);
        if entry.file_name().to_str().is_some_and(is_ours) {
            let path = entry.path();
            fs::remove_dir_all(&path).map_err(FileError::at("remove", path))?;
        }
    }
    Ok(())
}

pub(super) struct Target {
    store: PathBuf,
    /// Removed, with all that is in it, unless it is committed.
    temporary: TempDir,
    made: HashSet<PathBuf>,
    open: Option<(File, PathBuf)>,
    /// Bytes of content, for the error of a full disk.
    needed: u64,
}

impl Target {
    pub(super) fn create(store: &Path, head: &Head) -> Result<Self, UnpackError> {
        let needed = head.manifest.content_bytes();
        create_private_dir(store)?;
        let temporary = tempfile::Builder::new()
            .prefix(TEMPORARY_PREFIX)
            .permissions(Permissions::from_mode(0o755))
            .tempdir_in(store)
            .map_err(|e| {
                full_or(
                    FileError::at("create a directory in", store)(e),
                    store,
                    needed,
                )
            })?;
        let mut target = Self {
            store: store.to_owned(),
            temporary,
            made: HashSet::new(),
            open: None,
            needed,
        };
        for (name, bytes) in [
            (archive::MANIFEST, &head.manifest_bytes),
            (archive::SIGNATURE, &head.signature),
            (archive::SBOM, &head.sbom),
        ] {
            target.begin_file(Path::new(name), 0o444)?;
            target.write(bytes)?;
        }
        target.make_dir(Path::new(archive::RELEASE))?;
        Ok(target)
    }

    /// Makes all durable, then gives it its name.
    pub(super) fn commit(mut self, dir: &Path) -> Result<Origin, UnpackError> {
        self.open = None;
        let path = self.temporary.path().to_owned();
        let synced = File::open(&path).and_then(|d| Ok(rustix::fs::syncfs(d)?));
        self.check("sync", &path, synced)?;
        let origin = match fs::rename(&path, dir) {
            Ok(()) => Origin::Unpacked,
            // Somebody else was faster with the same content.
            Err(e) if is_taken(&e) => return Ok(Origin::AlreadyThere),
            Err(e) => return Err(self.error("rename to", dir, e)),
        };
        let _renamed_away = self.temporary.keep();
        sync_dir(&self.store)?;
        Ok(origin)
    }

    fn error(&self, operation: &'static str, path: &Path, e: io::Error) -> UnpackError {
        full_or(FileError::at(operation, path)(e), &self.store, self.needed)
    }

    fn check<T>(
        &self,
        operation: &'static str,
        path: &Path,
        result: io::Result<T>,
    ) -> Result<T, UnpackError> {
        result.map_err(|e| self.error(operation, path, e))
    }

    /// Makes a directory below the temporary one, and its parents.
    fn make_dir(&mut self, relative: &Path) -> Result<(), UnpackError> {
        if relative.as_os_str().is_empty() || self.made.contains(relative) {
            return Ok(());
        }
        if let Some(parent) = relative.parent() {
            self.make_dir(parent)?;
        }
        let path = self.temporary.path().join(relative);
        let made = DirBuilder::new().mode(0o755).create(&path);
        self.check("create", &path, made)?;
        self.made.insert(relative.to_owned());
        Ok(())
    }

    fn begin_file(&mut self, relative: &Path, mode: u32) -> Result<(), UnpackError> {
        if let Some(parent) = relative.parent() {
            self.make_dir(parent)?;
        }
        let path = self.temporary.path().join(relative);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)
            // Whatever the umask is.
            .and_then(|f| f.set_permissions(Permissions::from_mode(mode)).map(|()| f));
        let file = self.check("create", &path, file)?;
        self.open = Some((file, path));
        Ok(())
    }
}

impl Sink for Target {
    fn begin(&mut self, entry: &Entry, executable: bool) -> Result<(), UnpackError> {
        let mode = if executable { 0o555 } else { 0o444 };
        self.begin_file(&Path::new(archive::RELEASE).join(&entry.path), mode)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), UnpackError> {
        match &mut self.open {
            None => Ok(()),
            Some((file, path)) => file
                .write_all(bytes)
                .map_err(|e| full_or(FileError::at("write", &*path)(e), &self.store, self.needed)),
        }
    }

    fn link(&mut self, entry: &Entry, target: &str) -> Result<(), UnpackError> {
        let relative = Path::new(archive::RELEASE).join(&entry.path);
        if let Some(parent) = relative.parent() {
            self.make_dir(parent)?;
        }
        let path = self.temporary.path().join(relative);
        let linked = symlink(target, &path);
        self.check("link", &path, linked)
    }
}

fn is_taken(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
    )
}

fn full_or(error: FileError, store: &Path, needed: u64) -> UnpackError {
    if error.is_no_space() {
        UnpackError::NoSpace {
            dir: store.to_owned(),
            needed,
        }
    } else {
        error.into()
    }
}
