//! Durable files: written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A file operation that failed, with what was attempted and where.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {}: {source}", path.display())]
pub struct FileError {
    /// The verb of what was attempted, such as `write`.
    pub operation: &'static str,
    /// The path it was attempted on.
    pub path: PathBuf,
    /// The system's own error.
    pub source: io::Error,
}

impl FileError {
    /// Returns a closure for `map_err` that adds the operation and the path.
    pub fn at(operation: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self {
            operation,
            path,
            source,
        }
    }

    /// Says whether the disk was full.
    pub fn is_no_space(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        )
    }
}

/// Who may read a file written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Mode 0600.
    Private,
    /// Mode 0644.
    Shared,
    /// Mode 0755.
    Executable,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Shared => 0o644,
            Self::Executable => 0o755,
        }
    }
}

/// Writes `bytes` to `path` so that a reader, or a crash at any instant, sees the old file or the new
/// one, never a part: a temporary file in the same directory is written, fsynced and renamed over it,
/// then the directory is fsynced.
///
/// # Errors
/// On any error the old file is untouched and the temporary one is removed.
pub fn write_atomic(path: &Path, bytes: &[u8], access: Access) -> Result<(), FileError> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mut temporary = tempfile::Builder::new()
        .prefix(".write-")
        .permissions(fs::Permissions::from_mode(access.mode()))
        .tempfile_in(dir)
        .map_err(FileError::at("create a temporary file in", dir))?;
    temporary
        .write_all(bytes)
        .and_then(|()| {
            temporary
                .as_file()
                .set_permissions(fs::Permissions::from_mode(access.mode()))
        })
        .and_then(|()| temporary.as_file().sync_all())
        .map_err(FileError::at("write", path))?;
    temporary
        .persist(path)
        .map_err(|e| FileError::at("write", path)(e.error))?;
    sync_dir(dir)
}

/// Makes the entries of a directory durable.
///
/// # Errors
/// Where the directory cannot be opened or synced.
pub fn sync_dir(dir: &Path) -> Result<(), FileError> {
    File::open(dir)
        .and_then(|d| d.sync_all())
        .map_err(FileError::at("sync", dir))
}

/// Creates a directory and its parents, readable by its owner only (0700) where it is new.
///
/// # Errors
/// Where a directory cannot be created.
pub fn create_private_dir(dir: &Path) -> Result<(), FileError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(FileError::at("create", dir))
}

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// Where it cannot be read, or is larger ([`io::ErrorKind::FileTooLarge`]).
pub fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    use std::io::Read;
    let file = File::open(path).map_err(FileError::at("open", path))?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(FileError::at("read", path))?;
    if bytes.len() as u64 > limit {
        return Err(FileError::at("read", path)(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("larger than the limit of {limit} bytes"),
        )));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_replaces_the_old_one_whole_with_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        write_atomic(&path, b"old, and longer", Access::Shared).unwrap();
        write_atomic(&path, b"new", Access::Private).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_litter() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taken");
        fs::create_dir(&path).unwrap();
        let error = write_atomic(&path, b"x", Access::Shared).unwrap_err();
        assert!(error.to_string().contains("taken"), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_over_the_limit_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("big");
        write_atomic(&path, &[0; 11], Access::Shared).unwrap();
        assert_eq!(read_bounded(&path, 11).unwrap().len(), 11);
        assert!(read_bounded(&path, 10).is_err());
    }
}
