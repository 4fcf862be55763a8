//! A tree made of hard links into another.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::Path;

use rustix::io::Errno;
use sys::file::FileError;

/// Fills the empty directory `to` with the tree `from`. Directories are new, and closed to writing but
/// for the top and what is under `releases`.
pub(super) fn tree(from: &Path, to: &Path) -> Result<(), FileError> {
    directory(from, to, Path::new(""))
}

fn directory(from: &Path, to: &Path, below: &Path) -> Result<(), FileError> {
    let source = from.join(below);
    for entry in fs::read_dir(&source).map_err(FileError::at("list", &source))? {
        let entry = entry.map_err(FileError::at("list", &source))?;
        let path = below.join(entry.file_name());
        let kind = entry
            .file_type()
            .map_err(FileError::at("look at", entry.path()))?;
        if kind.is_dir() {
            let target = to.join(&path);
            fs::DirBuilder::new()
                .mode(0o755)
                .create(&target)
                .map_err(FileError::at("create", &target))?;
            directory(from, to, &path)?;
            if !path.starts_with("releases") {
                fs::set_permissions(&target, fs::Permissions::from_mode(0o555))
                    .map_err(FileError::at("close", &target))?;
            }
        } else {
            entry_of(from, to, &path, kind).map_err(FileError::at("link", to.join(&path)))?;
        }
    }
    Ok(())
}

fn entry_of(from: &Path, to: &Path, path: &Path, kind: fs::FileType) -> io::Result<()> {
    let (source, target) = (from.join(path), to.join(path));
    if kind.is_symlink() {
        return symlink(fs::read_link(source)?, target);
    }
    match path.to_str() {
        // These belong to an instance alone. The first two are written once the root is in place.
        Some("releases/COOKIE" | "releases/RELEASES") => return Ok(()),
        Some("releases/start_erl.data") => {
            fs::copy(&source, &target)?;
            return fs::set_permissions(&target, fs::Permissions::from_mode(0o644));
        }
        _ => {}
    }
    match fs::hard_link(&source, &target) {
        Err(e) if copies_instead(&e) => fs::copy(source, target).map(drop),
        linked => linked,
    }
}

/// Says whether a copy will do where a hard link is refused: another device, too many links, or a
/// system that forbids links to files of another owner.
fn copies_instead(error: &io::Error) -> bool {
    [Errno::XDEV, Errno::MLINK, Errno::PERM, Errno::OPNOTSUPP]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Makes every directory of a tree writable by its owner again.
pub(super) fn open_up(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}
