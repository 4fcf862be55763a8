//! The file that only one command has at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use sys::file::FileError;
use sys::process::ProcessId;

use super::Error;

/// Time for those that were killed to let go.
const LET_GO_TIME: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The lock on the file: of this process, and of the command that has it as its standard input. It ends
/// with this value; where this process is killed, with the last one that has the file open.
#[derive(Debug)]
pub(super) struct Hold {
    path: PathBuf,
    file: Option<File>,
}

impl Hold {
    /// Takes the file; ends those that a killed agent left.
    pub(super) async fn take(path: &Path) -> Result<Self, Error> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(path)
            .map_err(FileError::at("open", path))?;
        let began = sys::clock::monotonic();
        loop {
            match file.try_lock() {
                Ok(()) => {
                    return Ok(Self {
                        path: path.to_owned(),
                        file: Some(file),
                    });
                }
                Err(TryLockError::Error(e)) => return Err(FileError::at("lock", path)(e).into()),
                Err(TryLockError::WouldBlock) if sys::clock::since(began) > LET_GO_TIME => {
                    return Err(Error::Busy);
                }
                Err(TryLockError::WouldBlock) => {
                    kill_holders(path);
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        }
    }

    /// The file as the standard input of a command.
    pub(super) fn input(&self) -> io::Result<Stdio> {
        let file = self.file.as_ref();
        let file = file.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Stdio::from(file.try_clone()?))
    }

    /// Lets go as a killed process does: what has it open keeps the lock.
    #[cfg(test)]
    pub(super) fn forget(mut self) {
        self.file = None;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // The lock is one for all that share this open file: what the command left behind has it no more.
        if let Some(file) = &self.file
            && let Err(error) = file.unlock()
        {
            tracing::warn!(%error, path = %self.path.display(), "cannot be unlocked");
        }
    }
}

fn kill_holders(path: &Path) {
    let Ok(path) = path.canonicalize() else {
        return;
    };
    let holders = crate::process::all().filter(|pid| crate::process::has_open(*pid, 0, &path));
    for process in holders.filter_map(ProcessId::of) {
        process.signal(Signal::KILL);
    }
}
