//! A log read on as it grows.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::io::unix::AsyncFd;

use super::CURRENT;

const CHUNK_BYTES: usize = 64 * 1024;

/// Reads a log from a place on, waits for more, and goes on in the new file after a rotation.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    inotify: AsyncFd<OwnedFd>,
    file: Option<File>,
}

impl Follower {
    /// Begins at byte `from` of the current log in `dir`.
    ///
    /// # Errors
    /// Where the directory cannot be watched.
    pub fn new(dir: &Path, from: u64) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        inotify::add_watch(
            &inotify,
            dir,
            WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::MOVED_FROM,
        )?;
        let path = dir.join(CURRENT);
        let file = match File::open(&path) {
            Ok(mut file) => {
                // A log that was rotated since is shorter: all of it is new.
                let from = if file.metadata()?.len() < from {
                    0
                } else {
                    from
                };
                file.seek(SeekFrom::Start(from))?;
                Some(file)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(e),
        };
        #[expect(
            deprecated,
            reason = "its successor is unsafe; an owned descriptor that nobody else sees is sound"
        )]
        let inotify = AsyncFd::new(inotify)?;
        Ok(Self {
            path,
            inotify,
            file,
        })
    }

    /// Waits for more of the log.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn next(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let bytes = self.read()?;
            if !bytes.is_empty() {
                return Ok(bytes);
            }
            if self.reopen()? {
                continue;
            }
            let mut ready = self.inotify.readable().await?;
            forget_events(self.inotify.get_ref())?;
            ready.clear_ready();
        }
    }

    fn read(&mut self) -> io::Result<Vec<u8>> {
        let Some(file) = &mut self.file else {
            return Ok(Vec::new());
        };
        let mut bytes = vec![0; CHUNK_BYTES];
        let read = file.read(&mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// Turns to the newer file, if there is one; the old one was read to its end.
    fn reopen(&mut self) -> io::Result<bool> {
        let newer = match File::open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(e),
        };
        let same = match &self.file {
            Some(old) => old.metadata()?.ino() == newer.metadata()?.ino(),
            None => false,
        };
        if same {
            return Ok(false);
        }
        // What was written between the last read and the rotation comes first.
        let rest = match &mut self.file {
            Some(old) => old.stream_position()? < old.metadata()?.len(),
            None => false,
        };
        if !rest {
            self.file = Some(newer);
        }
        Ok(true)
    }
}

/// Empties the queue of events: what they say is read from the files themselves.
fn forget_events(inotify: &OwnedFd) -> io::Result<()> {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut events = inotify::Reader::new(inotify, &mut buffer);
    loop {
        match events.next() {
            Ok(_) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(()),
            Err(e) => return Err(e.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Writer;
    use crate::shim::LogLimits;

    #[tokio::test]
    async fn a_follower_misses_nothing_over_rotations() {
        let dir = tempfile::tempdir().unwrap();
        let limits = LogLimits {
            bytes_max: 40,
            files: 2,
        };
        let mut log = Writer::open(dir.path(), limits).unwrap();
        log.write(b"before\n");
        let mut follower = Follower::new(dir.path(), 7).unwrap();
        let mut seen = Vec::new();
        let mut expected = Vec::new();
        for n in 0..20 {
            let line = format!("line number {n}\n");
            expected.extend_from_slice(line.as_bytes());
            log.write(line.as_bytes());
            while seen.len() < expected.len() {
                seen.extend(follower.next().await.unwrap());
            }
        }
        assert_eq!(
            String::from_utf8(seen).unwrap(),
            String::from_utf8(expected).unwrap()
        );
    }

    #[tokio::test]
    async fn a_log_that_begins_later_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let mut follower = Follower::new(dir.path(), 0).unwrap();
        let limits = LogLimits {
            bytes_max: 40,
            files: 2,
        };
        let waits = tokio::spawn(async move { follower.next().await.unwrap() });
        tokio::task::yield_now().await;
        Writer::open(dir.path(), limits).unwrap().write(b"first");
        assert_eq!(waits.await.unwrap(), b"first");
    }
}
