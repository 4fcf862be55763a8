//! The root of an instance: a release in OTP's layout, made from the store without copying it.
//!
//! ```text
//!   store/ARTIFACT/release/…   immutable files
//!          │ hard links; copies across devices
//!          ▼
//!   instances/ID/root/         bin lib erts-…  directories of its own, not writable
//!                              releases/       its own: COOKIE (0400), start_erl.data, RELEASES
//!                              tmp/            RELEASE_TMP
//! ```
//!
//! It is made beside its place and renamed into it: there is a whole one, or none. A second run finds
//! the first one's work by the artifact's name in it.

mod link;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sys::file::{Access, FileError};

/// Holds the artifact id that a root was made from.
const MARK: &str = ".artifact";
const MARK_BYTES_MAX: u64 = 1024;
/// What begins the name of a root under construction, or on its way out.
const ASIDE: &str = ".root-";

/// What a root is made of.
#[derive(Debug, Clone, Copy)]
pub struct Root<'a> {
    /// The instance's directory.
    pub instance: &'a Path,
    /// The unpacked release in the store.
    pub release: &'a Path,
    /// Its artifact id.
    pub artifact: &'a str,
    /// The release's name, as in its `.rel` file.
    pub name: &'a str,
    /// The cookie of the environment.
    pub cookie: &'a str,
}

/// Why a root could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk is full.
    #[error("no space left on the device of {}: free some, then try again", path.display())]
    NoSpace {
        /// The path that was being written.
        path: PathBuf,
    },
    /// Something else failed.
    #[error(transparent)]
    File(FileError),
    /// The `RELEASES` file could not be made.
    #[error("cannot write RELEASES: {0}")]
    Releases(release::releases_file::ReleasesFileError),
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        if error.is_no_space() {
            Self::NoSpace { path: error.path }
        } else {
            Self::File(error)
        }
    }
}

impl Error {
    fn of_releases(error: release::releases_file::ReleasesFileError) -> Self {
        match error {
            release::releases_file::ReleasesFileError::File(error) => error.into(),
            other => Self::Releases(other),
        }
    }
}

impl Root<'_> {
    /// Where the root is.
    pub fn path(&self) -> PathBuf {
        self.instance.join("root")
    }

    /// Makes the root, or finds it made; the cookie is set either way. No VM may run in it. Blocks.
    ///
    /// # Errors
    /// Where it cannot be made; what was there before stays.
    pub fn make(&self) -> Result<PathBuf, Error> {
        let root = self.path();
        if !self.is_made() {
            self.make_anew(&root)?;
        }
        write_cookie(&root, self.cookie)?;
        // Its paths are absolute, so it is written in place; OTP itself changes it later.
        if !root.join("releases/RELEASES").exists() {
            release::releases_file::write(&root, self.name).map_err(Error::of_releases)?;
        }
        Ok(root)
    }

    fn is_made(&self) -> bool {
        sys::file::read_bounded(&self.path().join(MARK), MARK_BYTES_MAX)
            .is_ok_and(|mark| mark == self.artifact.as_bytes())
    }

    fn make_anew(&self, root: &Path) -> Result<(), Error> {
        clear_aside(self.instance)?;
        let new = tempfile::Builder::new()
            .prefix(ASIDE)
            .tempdir_in(self.instance)
            .map_err(FileError::at("create a directory in", self.instance))?;
        link::tree(self.release, new.path())?;
        let tmp = new.path().join("tmp");
        sys::file::create_private_dir(&tmp)?;
        sys::file::write_atomic(
            &new.path().join(MARK),
            self.artifact.as_bytes(),
            Access::Private,
        )?;
        if root.exists() {
            let old = self.instance.join(format!("{ASIDE}old"));
            fs::rename(root, &old).map_err(FileError::at("put aside", root))?;
        }
        let new = new.keep();
        fs::rename(&new, root).map_err(FileError::at("move into place", root))?;
        sys::file::sync_dir(self.instance)?;
        Ok(clear_aside(self.instance)?)
    }
}

/// Removes a tree, also where its directories are not writable.
///
/// # Errors
/// Where something of it stays.
pub fn remove(path: &Path) -> Result<(), FileError> {
    let removed = link::open_up(path).and_then(|()| fs::remove_dir_all(path));
    match removed {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(FileError::at("remove", path)(e)),
        _ => Ok(()),
    }
}

/// Removes what a crash left half made.
fn clear_aside(instance: &Path) -> Result<(), FileError> {
    let entries = fs::read_dir(instance).map_err(FileError::at("list", instance))?;
    for entry in entries {
        let entry = entry.map_err(FileError::at("list", instance))?;
        if entry.file_name().to_string_lossy().starts_with(ASIDE) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn write_cookie(root: &Path, cookie: &str) -> Result<(), FileError> {
    let path = root.join("releases/COOKIE");
    if sys::file::read_bounded(&path, MARK_BYTES_MAX).is_ok_and(|old| old == cookie.as_bytes()) {
        return Ok(());
    }
    sys::file::write_atomic(&path, cookie.as_bytes(), Access::Private)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400))
        .map_err(FileError::at("close", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    fn store(dir: &Path) -> PathBuf {
        let release = dir.join("store/release");
        for (path, text) in [
            ("bin/shop", "#!/bin/sh\n"),
            ("lib/shop-1.0.0/ebin/shop.app", "{}."),
            ("releases/start_erl.data", "13.1 1.0.0"),
            (
                "releases/1.0.0/shop.rel",
                "{release,{\"shop\",\"1.0.0\"},{erts,\"13.1\"},[{kernel,\"8.5\"}]}.",
            ),
            ("releases/COOKIE", "from the build"),
        ] {
            let path = release.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            sys::file::write_atomic(&path, text.as_bytes(), Access::Shared).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        }
        std::os::unix::fs::symlink("shop", release.join("bin/also")).unwrap();
        release
    }

    fn read(path: PathBuf) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_root_shares_the_release_and_owns_what_otp_writes() {
        let dir = tempfile::tempdir().unwrap();
        let release = store(dir.path());
        let instance = dir.path().join("shop.production-1");
        fs::create_dir(&instance).unwrap();
        let root = Root {
            instance: &instance,
            release: &release,
            artifact: "a1",
            name: "shop",
            cookie: "secret",
        };
        let made = root.make().unwrap();
        let inode = |path: PathBuf| fs::metadata(path).unwrap().ino();
        let app = "lib/shop-1.0.0/ebin/shop.app";
        assert_eq!(inode(made.join(app)), inode(release.join(app)));
        let own = "releases/start_erl.data";
        assert_ne!(inode(made.join(own)), inode(release.join(own)));
        assert_eq!(read(made.join(own)), "13.1 1.0.0");
        assert_eq!(
            fs::read_link(made.join("bin/also")).unwrap(),
            Path::new("shop")
        );
        let cookie = made.join("releases/COOKIE");
        let mode = fs::metadata(&cookie).unwrap().mode();
        assert_eq!((read(cookie).as_str(), mode & 0o777), ("secret", 0o400));
        assert_eq!(read(release.join("releases/COOKIE")), "from the build");
        let lib = fs::metadata(made.join("lib/shop-1.0.0")).unwrap().mode();
        assert_eq!(lib & 0o222, 0);
        assert!(made.join("tmp").is_dir());
        let releases = read(made.join("releases/RELEASES"));
        assert!(releases.contains(made.to_str().unwrap()), "{releases}");
    }

    #[test]
    fn a_second_run_keeps_the_root_and_another_artifact_replaces_it() {
        let dir = tempfile::tempdir().unwrap();
        let release = store(dir.path());
        let instance = dir.path().join("i");
        fs::create_dir_all(instance.join(".root-half/lib")).unwrap();
        let root = |artifact| Root {
            instance: &instance,
            release: &release,
            artifact,
            name: "shop",
            cookie: "c",
        };
        let made = root("a1").make().unwrap();
        let first = fs::metadata(&made).unwrap().ino();
        root("a1").make().unwrap();
        assert_eq!(fs::metadata(&made).unwrap().ino(), first);
        root("a2").make().unwrap();
        assert_eq!(read(made.join(MARK)), "a2");
        assert_eq!(fs::read_dir(&instance).unwrap().count(), 1);
        remove(&instance).unwrap();
        assert!(!instance.exists());
    }
}
