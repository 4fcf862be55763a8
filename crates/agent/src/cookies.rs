//! The cookie of each environment: made on first use, in no artifact.
//!
//! Several instances may ask for the first time at once: the file is linked into place, which only one
//! can do, and the others read what that one made.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sys::file::{Access, FileError};

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// 160 bits.
const LENGTH: usize = 32;
const BYTES_MAX: u64 = 255;

/// Returns the cookie of an environment.
///
/// # Errors
/// Where it can be neither read nor made.
pub(crate) fn of(dir: &Path, environment: &str) -> Result<String, FileError> {
    let path: PathBuf = dir.join(environment);
    match read(&path) {
        Err(e) if e.source.kind() == io::ErrorKind::NotFound => {}
        known => return known,
    }
    let cookie = random().map_err(FileError::at("read", "/dev/urandom"))?;
    // No environment's name begins with a dot, and no two of these are the same.
    let own = random().map_err(FileError::at("read", "/dev/urandom"))?;
    let own = dir.join(format!(".{environment}-{own}"));
    sys::file::write_atomic(&own, cookie.as_bytes(), Access::Private)?;
    let linked = fs::hard_link(&own, &path);
    fs::remove_file(&own).map_err(FileError::at("remove", &own))?;
    match linked {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(FileError::at("write", &path)(e)),
        _ => {
            sys::file::sync_dir(dir)?;
            read(&path)
        }
    }
}

fn read(path: &Path) -> Result<String, FileError> {
    String::from_utf8(sys::file::read_bounded(path, BYTES_MAX)?)
        .map(|cookie| cookie.trim_end().to_owned())
        .map_err(|e| FileError::at("understand", path)(io::Error::other(e)))
}

fn random() -> io::Result<String> {
    let mut bytes = [0; LENGTH];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_keeps_its_cookie_and_shares_it_with_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let production = of(dir.path(), "production").unwrap();
        assert_eq!(production.len(), LENGTH);
        assert_eq!(of(dir.path(), "production").unwrap(), production);
        assert_ne!(of(dir.path(), "staging").unwrap(), production);
    }

    #[test]
    fn those_who_ask_for_the_first_time_at_once_get_the_same() {
        let dir = tempfile::tempdir().unwrap();
        for round in 0..50 {
            let environment = format!("e{round}");
            let barrier = std::sync::Barrier::new(4);
            let cookies: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
                let ask = || {
                    barrier.wait();
                    of(dir.path(), &environment).unwrap()
                };
                let asked: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
                asked.into_iter().map(|a| a.join().unwrap()).collect()
            });
            assert_eq!(cookies.len(), 1, "{cookies:?}");
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 50);
    }
}
