//! The log of the agent and of the proxy: a file in their directory, bounded, and the terminal if there
//! is one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

use crate::environment::{CUTOVER_LOG, Environment};
use crate::failure::{Failure, Kind, OrFail};

/// At this size the file is moved to `NAME.1`, over the one before.
const BYTES_MAX: u64 = 8 << 20;

/// Begins to log to `name` in `home`, which is made if it is not there.
pub(crate) fn begin(home: &Path, name: &str, environment: &Environment) -> Result<(), Failure> {
    sys::file::create_private_dir(home).or_fail(Kind::Other)?;
    let path = home.join(name);
    let message = || format!("cannot open the log {}", path.display());
    let log = Rotated::open(&path).or_fail_with(Kind::Other, message)?;
    let wanted = environment.log.as_deref().unwrap_or("info");
    let filter = EnvFilter::try_new(wanted).or_fail_with(Kind::Usage, || {
        format!("{CUTOVER_LOG}={wanted} is no filter")
    })?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Mutex::new(log));
    // Only tests have one before.
    drop(subscriber.try_init());
    Ok(())
}

/// A log file that never grows much beyond [`BYTES_MAX`].
#[derive(Debug)]
struct Rotated {
    path: PathBuf,
    file: File,
    bytes: u64,
    terminal: bool,
}

impl Rotated {
    fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let bytes = file.metadata()?.len();
        let terminal = io::stderr().is_terminal();
        Ok(Self {
            path: path.to_owned(),
            file,
            bytes,
            terminal,
        })
    }

    fn rotate(&mut self) -> io::Result<()> {
        let mut older = self.path.clone().into_os_string();
        older.push(".1");
        fs::rename(&self.path, older)?;
        *self = Self::open(&self.path)?;
        Ok(())
    }
}

impl Write for Rotated {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes >= BYTES_MAX {
            self.rotate()?;
        }
        if self.terminal {
            io::stderr().write_all(bytes)?;
        }
        self.file.write_all(bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_is_moved_aside_once_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.log");
        let mut log = Rotated::open(&path).unwrap();
        log.terminal = false;
        let line = vec![b'x'; 1 << 20];
        for _ in 0..20 {
            log.write_all(&line).unwrap();
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        assert!(fs::metadata(&path).unwrap().len() <= BYTES_MAX);
        assert!(
            fs::metadata(dir.path().join("agent.log.1")).unwrap().len() <= BYTES_MAX + (1 << 20)
        );
    }
}
