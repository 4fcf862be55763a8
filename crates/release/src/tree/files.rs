//! The files of a release that belong into its artifact.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sys::file::FileError;
use walkdir::WalkDir;

use super::TreeError;
use crate::manifest::EntryPath;

/// A file or link of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// Its path below the root.
    pub path: EntryPath,
    /// What it is.
    pub kind: FileKind,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// A file.
    File {
        /// Whether its owner may run it.
        executable: bool,
        /// Its size in bytes.
        size: u64,
    },
    /// A symbolic link that stays inside the release.
    Symlink {
        /// Its target.
        target: String,
    },
}

/// What belongs to one place or one run, never to the artifact: the cookie (each environment has its
/// own), the list of installed releases (absolute paths of a host), and what running leaves behind.
pub(crate) const LEFT_OUT: [&str; 3] = ["releases/COOKIE", "releases/RELEASES", "tmp"];

/// Lists every file and link, sorted by path as bytes.
pub(crate) fn walk(root: &Path) -> Result<Vec<TreeFile>, TreeError> {
    let mut files = Vec::new();
    let mut walk = WalkDir::new(root)
        .follow_root_links(true)
        .min_depth(1)
        .into_iter();
    while let Some(entry) = walk.next() {
        let entry = entry.map_err(|e| {
            let path = e.path().unwrap_or(root).to_owned();
            FileError::at("read", path)(e.into())
        })?;
        let refused = |reason: String| TreeError::Refused {
            path: entry.path().to_owned(),
            reason,
        };
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let Some(text) = relative.to_str() else {
            return Err(refused("its name is not UTF-8; rename it".to_owned()));
        };
        if LEFT_OUT.contains(&text) {
            if entry.file_type().is_dir() {
                walk.skip_current_dir();
            }
            continue;
        }
        if entry.file_type().is_dir() {
            continue;
        }
        let path = EntryPath::new(text).map_err(|e| refused(e.reason.to_owned()))?;
        let kind = kind(entry.path(), &path, entry.file_type(), &refused)?;
        files.push(TreeFile { path, kind });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn kind(
    full: &Path,
    path: &EntryPath,
    file_type: fs::FileType,
    refused: &dyn Fn(String) -> TreeError,
) -> Result<FileKind, TreeError> {
    if file_type.is_file() {
        let metadata = fs::symlink_metadata(full).map_err(FileError::at("read", full))?;
        return Ok(FileKind::File {
            executable: metadata.permissions().mode() & 0o100 != 0,
            size: metadata.len(),
        });
    }
    if !file_type.is_symlink() {
        return Err(refused(
            "is a device, socket or pipe; an artifact holds files and links".to_owned(),
        ));
    }
    let target = fs::read_link(full).map_err(FileError::at("read the link", full))?;
    let Some(target) = target.to_str() else {
        return Err(refused("its target is not UTF-8".to_owned()));
    };
    path.check_link_target(target).map_err(|e| {
        refused(format!(
            "{} ({target}); replace it by what it points to",
            e.reason
        ))
    })?;
    Ok(FileKind::Symlink {
        target: target.to_owned(),
    })
}
