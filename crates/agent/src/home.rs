//! The agent's directory: its paths, and the lock that makes an agent the only one in it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sys::file::{Access, FileError};
use sys::process::ProcessId;

/// Bytes of the path of a unix socket that the kernel takes.
const SOCKET_PATH_BYTES_MAX: usize = 107;
/// Bytes of one of our own state files.
const STATE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Part of the message with which a second agent of a home gives up.
pub(crate) const ALREADY_RUNS: &str = "already runs";

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Another agent has it.
    #[error("an agent {ALREADY_RUNS} in {}{}", home.display(), pid.map_or(String::new(), |pid| format!(" (pid {pid})")))]
    Taken {
        /// The directory.
        home: PathBuf,
        /// Its process id, if it wrote it down.
        pid: Option<i32>,
    },
    /// A socket in it could not be bound.
    #[error(
        "{} is {} bytes long, and a socket's path may have {SOCKET_PATH_BYTES_MAX}: choose a shorter \
         home with CUTOVER_HOME", path.display(), path.as_os_str().len()
    )]
    PathTooLong {
        /// The socket's path.
        path: PathBuf,
    },
    /// It cannot be made or written.
    #[error("{0}; the agent's directory must be writable by the user it runs as")]
    File(#[from] FileError),
}

/// The agent's directory.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    dir: PathBuf,
}

/// The agent's hold on its home.
#[derive(Debug)]
pub(crate) struct Hold {
    _lock: File,
}

impl Home {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.join("agent.sock")
    }

    pub(crate) fn instances(&self) -> PathBuf {
        self.dir.join("instances")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.dir.join("store")
    }

    pub(crate) fn trusted(&self) -> PathBuf {
        self.dir.join("trusted")
    }

    pub(crate) fn cookies(&self) -> PathBuf {
        self.dir.join("cookies")
    }

    pub(crate) fn runs(&self) -> PathBuf {
        self.dir.join("runs")
    }

    pub(crate) fn proxy(&self) -> PathBuf {
        self.dir.join("proxy")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Makes the directories, and takes the home for this process.
    ///
    /// # Errors
    /// Where another agent has it, or it cannot be used.
    pub(crate) fn take(&self) -> Result<Hold, HomeError> {
        for socket in [
            self.socket(),
            self.proxy().join(proxy::control::SOCKET_NAME),
        ] {
            if socket.as_os_str().len() > SOCKET_PATH_BYTES_MAX {
                return Err(HomeError::PathTooLong { path: socket });
            }
        }
        for dir in [
            self.dir.clone(),
            self.instances(),
            self.store(),
            self.trusted(),
            self.cookies(),
            self.runs(),
            self.proxy(),
        ] {
            sys::file::create_private_dir(&dir)?;
        }
        fs::set_permissions(&self.dir, fs::Permissions::from_mode(0o700))
            .map_err(FileError::at("close", &self.dir))?;
        let path = self.file("agent.lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(FileError::at("open", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = read::<ProcessId>(&self.file("agent.json")).ok().flatten();
                return Err(HomeError::Taken {
                    home: self.dir.clone(),
                    pid: pid.map(|id| id.pid),
                });
            }
            Err(TryLockError::Error(e)) => return Err(FileError::at("lock", path)(e).into()),
        }
        if let Some(me) = ProcessId::current() {
            // For people and for the next one's message: the lock is what counts.
            if let Err(error) = write(&self.file("agent.json"), &me) {
                tracing::warn!(%error, "the agent's process id is not written down");
            }
        }
        Ok(Hold { _lock: lock })
    }
}

/// Writes a state file: JSON, 0600, whole or not at all, on disk when it returns.
pub(crate) fn write(path: &Path, value: &impl Serialize) -> Result<(), FileError> {
    let bytes = serde_json::to_vec_pretty(value)
        .map_err(|e| FileError::at("write", path)(io::Error::other(e)))?;
    sys::file::write_atomic(path, &bytes, Access::Private)
}

/// Reads a state file; `None` where there is none.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
    let bytes = match sys::file::read_bounded(path, STATE_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(e) if e.source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|e| FileError::at("understand", path)(io::Error::other(e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_taken_by_one_agent_which_is_named_to_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path().join("agent"));
        let hold = home.take().unwrap();
        let error = home.take().unwrap_err().to_string();
        let me = format!("(pid {})", std::process::id());
        assert!(
            error.contains(ALREADY_RUNS) && error.contains(&me),
            "{error}"
        );
        drop(hold);
        home.take().unwrap();
        let mode = fs::metadata(home.dir()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn an_agent_starts_although_it_cannot_write_down_its_process_id() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path().join("agent"));
        fs::create_dir_all(home.file("agent.json")).unwrap();
        let _hold = home.take().unwrap();
        let error = home.take().unwrap_err().to_string();
        assert!(error.contains(ALREADY_RUNS), "{error}");
    }

    #[test]
    fn a_home_too_long_for_a_socket_is_refused_with_the_remedy() {
        let home = Home::new(Path::new("/tmp").join("x".repeat(120)));
        let error = home.take().unwrap_err().to_string();
        assert!(error.contains("CUTOVER_HOME"), "{error}");
        assert!(!home.dir().exists());
    }

    #[test]
    fn a_home_that_cannot_be_made_is_named() {
        let home = Home::new(PathBuf::from("/proc/nowhere/agent"));
        let error = home.take().unwrap_err().to_string();
        assert!(error.contains("/proc/nowhere/agent"), "{error}");
    }
}
