//! The directory of a program: paths, records, and the lock that its shim holds.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sys::file::{Access, FileError};
use sys::process::ProcessId;

use super::wire::{Exit, Launch, Record};

/// Bytes of a record; an environment may be long.
const RECORD_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// The unit in which `stat` counts the room of a file, in bytes.
const BLOCK_BYTES: u64 = 512;

/// The directory of one program.
#[derive(Debug, Clone)]
pub struct Directory {
    path: PathBuf,
}

/// The shim's lock on its directory; let go when dropped, or when the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Directory {
    /// Names a directory; nothing is made.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the logs are.
    pub fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    pub(super) fn output(&self) -> PathBuf {
        self.path.join("output")
    }

    /// Takes the lock, unless a shim has it.
    ///
    /// # Errors
    /// Where the lock file cannot be opened.
    pub fn try_lock(&self) -> Result<Option<Lock>, FileError> {
        let path = self.path.join("shim.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(FileError::at("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(FileError::at("lock", &path)(e)),
        }
    }

    /// Says what to run next.
    ///
    /// # Errors
    /// Where the file cannot be written; the old one stays.
    pub fn write_launch(&self, launch: &Launch) -> Result<(), FileError> {
        self.write("launch.json", launch)
    }

    /// Reads what to run.
    ///
    /// # Errors
    /// Where the file is there and cannot be understood.
    pub fn launch(&self) -> Result<Option<Launch>, FileError> {
        self.read("launch.json")
    }

    /// Forgets what was run, with the secrets in its environment; for a program that has ended and is not
    /// to run again.
    ///
    /// # Errors
    /// Where the file is there and cannot be removed.
    pub fn remove_launch(&self) -> Result<(), FileError> {
        let path = self.path.join("launch.json");
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(FileError::at("remove", path)(e)),
            _ => Ok(()),
        }
    }

    pub(super) fn write_record(&self, record: &Record) -> Result<(), FileError> {
        self.write("run.json", record)
    }

    /// Reads who runs, or ran last.
    ///
    /// # Errors
    /// Where the file is there and cannot be understood.
    pub fn record(&self) -> Result<Option<Record>, FileError> {
        self.read("run.json")
    }

    /// Finds the program of the last run, if it still runs: also one whose shim was killed, even in the
    /// instant between its start and the record of it.
    pub fn left_running(&self) -> Option<ProcessId> {
        let record = self.record().ok()??;
        if matches!(self.exit_of(record.run), Ok(Some(_))) {
            return None;
        }
        super::program::left_running(self, &record)
    }

    pub(super) fn write_exit(&self, exit: &Exit) -> Result<(), FileError> {
        self.write("exit.json", exit)
    }

    /// Reads how `run` ended, if that was seen.
    ///
    /// # Errors
    /// Where the file is there and cannot be understood.
    pub fn exit_of(&self, run: u64) -> Result<Option<Exit>, FileError> {
        Ok(self
            .read::<Exit>("exit.json")?
            .filter(|exit| exit.run == run))
    }

    fn write(&self, name: &str, value: &impl Serialize) -> Result<(), FileError> {
        let path = self.path.join(name);
        let bytes = serde_json::to_vec_pretty(value)
            .map_err(|e| FileError::at("write", &path)(io::Error::other(e)))?;
        match sys::file::write_atomic(&path, &bytes, Access::Private) {
            Err(full) if full.is_no_space() => write_in_place(&path, &bytes).map_err(|()| full),
            done => done,
        }
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, FileError> {
        let path = self.path.join(name);
        let bytes = match sys::file::read_bounded(&path, RECORD_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(e) if e.source.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|e| FileError::at("understand", &path)(io::Error::other(e)))
    }
}

/// Writes over the old record, into the room it has already: on a full disk there is no other, and what
/// crashed must be started again all the same. Only the end of the machine can leave it cut, and with the
/// machine ends what it tells of.
fn write_in_place(path: &Path, bytes: &[u8]) -> Result<(), ()> {
    let write = || {
        let mut file = OpenOptions::new().write(true).open(path)?;
        let room = file.metadata()?.blocks() * BLOCK_BYTES;
        if room < bytes.len() as u64 {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        file.write_all(bytes)?;
        file.set_len(bytes.len() as u64)?;
        file.sync_all()
    };
    write().map_err(|_: io::Error| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_is_held_by_one_and_let_go_with_it() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Directory::new(temp.path());
        let held = dir.try_lock().unwrap();
        assert!(held.is_some());
        assert!(dir.try_lock().unwrap().is_none());
        drop(held);
        assert!(dir.try_lock().unwrap().is_some());
    }

    #[test]
    fn the_exit_of_an_earlier_run_is_not_taken_for_that_of_a_later_one() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Directory::new(temp.path());
        let exit = Exit {
            run: 3,
            code: Some(0),
            signal: None,
            at_ms: 1,
        };
        dir.write_exit(&exit).unwrap();
        assert_eq!(dir.exit_of(3).unwrap(), Some(exit));
        assert_eq!(dir.exit_of(4).unwrap(), None);
    }

    #[test]
    fn a_record_is_written_over_the_old_one_where_it_has_the_room() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("run.json");
        assert!(write_in_place(&path, b"[]").is_err());
        assert!(!path.exists());
        sys::file::write_atomic(&path, b"[1, 2, 3]", Access::Private).unwrap();
        write_in_place(&path, b"[4]").unwrap();
        assert_eq!(sys::file::read_bounded(&path, 100).unwrap(), b"[4]");
        assert!(write_in_place(&path, &[b' '; 1024 * 1024]).is_err());
        assert_eq!(sys::file::read_bounded(&path, 100).unwrap(), b"[4]");
    }

    #[test]
    fn a_cut_record_is_an_error_that_names_the_file() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Directory::new(temp.path());
        sys::file::write_atomic(&temp.path().join("run.json"), b"{\"run\":", Access::Private)
            .unwrap();
        let error = dir.record().unwrap_err().to_string();
        assert!(error.contains("run.json"), "{error}");
    }
}
