//! The FIFO between a program and its shim.
//!
//! Both ends hold it open for reading *and* writing: opening never blocks, and neither sees the other's
//! death as an error.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use rustix::fs::{CWD, Mode};
use sys::file::FileError;
use tokio::net::unix::pipe;

/// Makes the FIFO unless it is there.
pub(super) fn make(path: &Path) -> Result<(), FileError> {
    match rustix::fs::mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
        Err(e) => Err(FileError::at("create the output pipe", path)(e.into())),
    }
}

/// The shim's end.
pub(super) fn reader(path: &Path) -> Result<pipe::Receiver, FileError> {
    pipe::OpenOptions::new()
        .read_write(true)
        .open_receiver(path)
        .map_err(FileError::at("open", path))
}

/// The program's end: an open file of its own, so that it blocks where the shim's does not.
pub(super) fn writer(path: &Path) -> Result<File, FileError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(FileError::at("open", path))
}

/// Reads what waits, without waiting for more.
pub(super) fn try_read(receiver: &pipe::Receiver, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    match receiver.try_read(buffer) {
        Ok(0) => Ok(None),
        Ok(n) => Ok(Some(n)),
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(e) => Err(e),
    }
}
