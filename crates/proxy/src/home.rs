//! The proxy's home directory, and the lock that makes it the home of one proxy only.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sys::file::{Access, FileError};
use sys::process::ProcessId;

use crate::control::SOCKET_NAME;

/// Why a proxy did not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A proxy already runs on the home.
    #[error("another proxy already runs on {}: stop it first, or choose another home", .0.display())]
    AlreadyRuns(PathBuf),
    /// A file of the home failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// A thread or its runtime could not be started.
    #[error("cannot start a worker of the proxy: {0}")]
    Worker(std::io::Error),
}

/// A home held by this process; the lock goes with it, however the process ends.
#[derive(Debug)]
pub(crate) struct Home {
    dir: PathBuf,
    _lock: File,
}

impl Home {
    /// Takes the home, making it if needed.
    ///
    /// # Errors
    /// [`ServeError::AlreadyRuns`] where another process holds it.
    pub(crate) fn take(dir: &Path) -> Result<Self, ServeError> {
        sys::file::create_private_dir(dir)?;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
            .map_err(FileError::at("close to others", dir))?;
        let path = dir.join("proxy.lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(FileError::at("open", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ServeError::AlreadyRuns(dir.to_owned())),
            Err(TryLockError::Error(e)) => return Err(FileError::at("lock", &path)(e).into()),
        }
        Ok(Self {
            dir: dir.to_owned(),
            _lock: lock,
        })
    }

    /// Writes who runs here to `proxy.json`.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(crate) fn announce(&self) -> Result<(), ServeError> {
        let identity = ProcessId::current();
        let json = serde_json::to_vec(&identity).unwrap_or_default();
        Ok(sys::file::write_atomic(
            &self.dir.join("proxy.json"),
            &json,
            Access::Private,
        )?)
    }

    /// Takes away what says that a proxy runs here.
    pub(crate) fn retire(&self) {
        for path in [self.socket(), self.dir.join("proxy.json")] {
            if let Err(error) = std::fs::remove_file(&path) {
                tracing::debug!(path = %path.display(), %error, "cannot remove");
            }
        }
    }

    /// The directory.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The control socket's path.
    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.join(SOCKET_NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_has_one_proxy_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("proxy");
        let held = Home::take(&home).unwrap();
        assert!(matches!(Home::take(&home), Err(ServeError::AlreadyRuns(_))));
        drop(held);
        assert!(Home::take(&home).is_ok());
    }
}
