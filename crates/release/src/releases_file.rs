//! `releases/RELEASES` of an instance's root, which `release_handler` reads at boot.
//!
//! It holds absolute paths, so no artifact carries it: it is written where the instance lies.

use std::path::{Path, PathBuf};

use beam::{Limits, RelFile, StartErl};
use sys::file::{Access, FileError, read_bounded, write_atomic};

/// Why `RELEASES` was not written. An earlier one is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ReleasesFileError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The root does not hold a release.
    #[error("{}: {reason}; unpack the artifact again", path.display())]
    NotRelease {
        /// The file that says so.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

const BYTES_MAX: u64 = 4 << 20;

/// Writes `releases/RELEASES` for the release that `releases/start_erl.data` of this root names, as
/// permanent; the same terms as `release_handler:create_RELEASES` writes.
///
/// `name` is the release's name, whose `.rel` file is read. A relative `root` is made absolute.
///
/// # Errors
/// Where the root holds no such release, or the file cannot be written.
pub fn write(root: &Path, name: &str) -> Result<PathBuf, ReleasesFileError> {
    let root = std::path::absolute(root).map_err(FileError::at("make absolute", root))?;
    let releases = root.join("releases");
    let start_erl = releases.join("start_erl.data");
    let not_release = |path: &Path, reason: String| ReleasesFileError::NotRelease {
        path: path.to_owned(),
        reason,
    };
    let vsn = StartErl::read(&read_bounded(&start_erl, BYTES_MAX)?)
        .map_err(|e| not_release(&start_erl, e.to_string()))?
        .vsn;
    let rel_path = releases.join(vsn).join(format!("{name}.rel"));
    let rel = RelFile::read(&read_bounded(&rel_path, BYTES_MAX)?, &Limits::RELEASE)
        .map_err(|e| not_release(&rel_path, e.to_string()))?;
    let Some(lib) = root.join("lib").to_str().map(str::to_owned) else {
        return Err(not_release(&root, "its path is not UTF-8".to_owned()));
    };
    let path = releases.join("RELEASES");
    let text = beam::releases::permanent(&rel, &lib);
    write_atomic(&path, text.as_bytes(), Access::Shared)?;
    Ok(path)
}
