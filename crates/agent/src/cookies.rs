//! The cookie of each environment: made on first use, in no artifact.

use std::fs::File;
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
    match sys::file::read_bounded(&path, BYTES_MAX) {
        Ok(bytes) => {
            return String::from_utf8(bytes)
                .map(|cookie| cookie.trim_end().to_owned())
                .map_err(|e| FileError::at("understand", &path)(io::Error::other(e)));
        }
        Err(e) if e.source.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    let cookie = random().map_err(FileError::at("read", "/dev/urandom"))?;
    sys::file::write_atomic(&path, cookie.as_bytes(), Access::Private)?;
    Ok(cookie)
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
}
