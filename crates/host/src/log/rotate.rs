//! The writing end of a log.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sys::file::FileError;

use super::CURRENT;
use crate::shim::LogLimits;

/// Writes a log that never grows beyond its limits.
#[derive(Debug)]
pub struct Writer {
    dir: PathBuf,
    limits: LogLimits,
    file: File,
    size: u64,
    lost: u64,
}

impl Writer {
    /// Opens `current.log` in `dir`, and goes on at its end.
    ///
    /// # Errors
    /// Where directory or file cannot be made.
    pub fn open(dir: &Path, limits: LogLimits) -> Result<Self, FileError> {
        sys::file::create_private_dir(dir)?;
        let path = dir.join(CURRENT);
        let file = open(&path).map_err(FileError::at("open the log", &path))?;
        let size = file.metadata().map_or(0, |m| m.len());
        Ok(Self {
            dir: dir.to_owned(),
            limits,
            file,
            size,
            lost: 0,
        })
    }

    /// Writes bytes; what a full disk does not take is counted, and said once there is room again.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.size > 0 && self.size.saturating_add(bytes.len() as u64) > self.limits.bytes_max {
            self.rotate();
        }
        if self.lost > 0 {
            let notice = format!(
                "[cutover] {} bytes of output were lost: the log could not be written\n",
                self.lost
            );
            if self.file.write_all(notice.as_bytes()).is_ok() {
                self.size += notice.len() as u64;
                self.lost = 0;
            }
        }
        match self.file.write_all(bytes) {
            Ok(()) => self.size += bytes.len() as u64,
            Err(_) => self.lost += bytes.len() as u64,
        }
    }

    /// Writes a line of our own.
    pub(crate) fn note(&mut self, line: &str) {
        self.write(format!("[cutover] {line}\n").as_bytes());
    }

    /// Begins a new file. Where that fails the old one is written on, beyond its limit rather than not.
    fn rotate(&mut self) {
        if shift(&self.dir, self.limits.files).is_err() {
            return;
        }
        if let Ok(file) = open(&self.dir.join(CURRENT)) {
            self.file = file;
            self.size = 0;
        }
    }
}

/// Writes at the end of the current log, which its shim may be writing as well: it is never rotated here.
///
/// # Errors
/// Where it cannot be made or written.
pub fn append(dir: &Path, bytes: &[u8]) -> Result<(), FileError> {
    sys::file::create_private_dir(dir)?;
    let path = dir.join(CURRENT);
    open(&path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(FileError::at("write the log", path))
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

/// Renames every file of a log to the next number; the last one goes.
pub(super) fn shift(dir: &Path, files: u32) -> io::Result<()> {
    let numbered = |n: u32| dir.join(format!("{CURRENT}.{n}"));
    let current = dir.join(CURRENT);
    if files == 0 {
        return fs::remove_file(current);
    }
    for n in (1..files).rev() {
        match fs::rename(numbered(n), numbered(n + 1)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    fs::rename(current, numbered(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_log_stays_within_its_limits_and_keeps_the_newest() {
        let dir = tempfile::tempdir().unwrap();
        let limits = LogLimits {
            bytes_max: 10,
            files: 2,
        };
        let mut log = Writer::open(dir.path(), limits).unwrap();
        for n in 0..9 {
            log.write(format!("line {n}\n").as_bytes());
        }
        assert_eq!(
            names(dir.path()),
            ["current.log", "current.log.1", "current.log.2"]
        );
        assert_eq!(
            fs::read_to_string(dir.path().join(CURRENT)).unwrap(),
            "line 8\n"
        );
        assert_eq!(
            fs::read_to_string(dir.path().join("current.log.1")).unwrap(),
            "line 7\n"
        );
    }

    #[test]
    fn a_reopened_log_goes_on_and_counts_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let limits = LogLimits {
            bytes_max: 10,
            files: 1,
        };
        Writer::open(dir.path(), limits).unwrap().write(b"12345678");
        let mut log = Writer::open(dir.path(), limits).unwrap();
        log.write(b"90");
        log.write(b"next");
        assert_eq!(
            fs::read_to_string(dir.path().join("current.log.1")).unwrap(),
            "1234567890"
        );
    }

    #[test]
    fn without_rotated_files_only_the_current_one_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let limits = LogLimits {
            bytes_max: 4,
            files: 0,
        };
        let mut log = Writer::open(dir.path(), limits).unwrap();
        log.write(b"abcd");
        log.write(b"ef");
        assert_eq!(names(dir.path()), ["current.log"]);
    }
}
