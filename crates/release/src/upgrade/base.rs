//! The release that is there, held against the base that a package needs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sys::file::FileError;

use super::UpgradeError;
use super::layout::{is_versioned, split};
use super::manifest::{Mark, UpgradeManifest, Which, digest, mark};
use crate::manifest::{Content, EntryKind};

/// What lies at a path; `None` where nothing does, or neither a file nor a link.
pub(super) fn kind_at(root: &Path, path: &str) -> Result<Option<EntryKind>, UpgradeError> {
    let full = root.join(path);
    let metadata = match fs::symlink_metadata(&full) {
        Ok(metadata) => metadata,
        Err(e) if is_absent(&e) => return Ok(None),
        Err(e) => return Err(FileError::at("read", full)(e).into()),
    };
    if metadata.is_symlink() {
        let target = fs::read_link(&full).map_err(FileError::at("read the link", &full))?;
        return Ok(target.to_str().map(|target| EntryKind::Symlink {
            target: target.to_owned(),
        }));
    }
    if !metadata.is_file() {
        return Ok(None);
    }
    let mut hasher = blake3::Hasher::new();
    fs::File::open(&full)
        .and_then(|file| hasher.update_reader(file).map(|_| ()))
        .map_err(FileError::at("read", full))?;
    Ok(Some(EntryKind::File {
        executable: metadata.permissions().mode() & 0o100 != 0,
        content: Content {
            size: hasher.count(),
            blake3: hasher.finalize(),
        },
    }))
}

fn is_absent(e: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(e.kind(), NotFound | NotADirectory)
}

/// What a file of the base should be.
enum Expected<'a> {
    Marked(Mark),
    /// Itself; in place also what the other release has there, for an earlier run was cut short.
    Known(&'a EntryKind, Option<&'a EntryKind>),
}

/// Verifies the base; what its shared files are comes back, by their paths in it.
///
/// # Errors
/// Where another release is there, or one that was altered; the first file that differs is named.
pub(super) fn verify(
    manifest: &UpgradeManifest,
    from: Which,
    root: &Path,
) -> Result<HashMap<String, EntryKind>, UpgradeError> {
    let side = manifest.side(from);
    let own = root.join("releases").join(&side.vsn);
    if !own.join(format!("{}.rel", manifest.release)).is_file() {
        return Err(UpgradeError::WrongBase {
            root: root.to_owned(),
            needed: format!("{} {}", manifest.release, side.vsn),
            found: found(root),
        });
    }
    let in_place: HashMap<&str, &EntryKind> = manifest
        .groups
        .iter()
        .flat_map(|group| group.side(from.other()))
        .map(|entry| (entry.path.as_str(), &entry.kind))
        .filter(|(path, _)| !is_versioned(split(path).0))
        .collect();
    let mut expected: BTreeMap<String, Expected<'_>> = manifest
        .shared_of(from)
        .map(|(path, _, mark)| (path, Expected::Marked(mark)))
        .collect();
    for entry in manifest.groups.iter().flat_map(|group| group.side(from)) {
        let path = entry.path.as_str();
        let other = in_place.get(path).copied();
        expected.insert(path.to_owned(), Expected::Known(&entry.kind, other));
    }
    let altered = |path: &str, what| UpgradeError::Altered {
        root: root.to_owned(),
        path: path.to_owned(),
        what,
    };
    let mut shared = HashMap::new();
    let mut digests = Vec::new();
    for (path, expected) in &expected {
        let in_place = !is_versioned(split(path).0);
        let kind = match (kind_at(root, path)?, expected) {
            (Some(kind), Expected::Marked(expected)) if mark(&kind) == *expected => kind,
            (Some(kind), Expected::Known(own, _)) if kind == **own => kind,
            (Some(kind), Expected::Known(own, Some(other))) if kind == **other => (*own).clone(),
            // Removed by an earlier run.
            (None, Expected::Known(own, None)) if in_place => (*own).clone(),
            (Some(_), _) => return Err(altered(path, "differs")),
            (None, _) => return Err(altered(path, "is missing")),
        };
        digests.push((path.as_str(), kind.digest()));
        if let Expected::Marked(_) = expected {
            shared.insert(path.clone(), kind);
        }
    }
    if digest(digests.into_iter()) != side.digest {
        let path = format!("releases/{}", side.vsn);
        return Err(altered(&path, "and its libraries are not what was built"));
    }
    let known = |path: &str| expected.contains_key(path);
    if let Some(extra) = extra(root, expected.keys(), known)? {
        return Err(altered(&extra, "is none of its files"));
    }
    Ok(shared)
}

/// The first file that a node could load or read as code, and that is not of the release.
pub(super) fn extra<'a>(
    root: &Path,
    paths: impl Iterator<Item = &'a String>,
    known: impl Fn(&str) -> bool,
) -> Result<Option<String>, UpgradeError> {
    let directories: HashSet<&str> = paths
        .filter_map(|path| Some(path.rsplit_once('/')?.0))
        .filter(|dir| dir.ends_with("/ebin") || dir.ends_with("/consolidated"))
        .collect();
    let mut extra: Option<String> = None;
    for directory in directories {
        let full = root.join(directory);
        let listed = fs::read_dir(&full).map_err(FileError::at("list", &full))?;
        for entry in listed {
            let name = entry.map_err(FileError::at("list", &full))?.file_name();
            let path = format!("{directory}/{}", name.to_string_lossy());
            let is_code = [".beam", ".app", ".appup"]
                .iter()
                .any(|extension| path.ends_with(extension));
            let is_first = extra.as_ref().is_none_or(|found| path < *found);
            if is_code && !known(&path) && is_first {
                extra = Some(path);
            }
        }
    }
    Ok(extra)
}

/// The releases that are there, for a person.
fn found(root: &Path) -> String {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join("releases"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let vsn = entry.file_name().to_string_lossy().into_owned();
        for file in fs::read_dir(entry.path()).into_iter().flatten().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if let Some(name) = name.strip_suffix(".rel") {
                found.push(format!("{name} {vsn}"));
            }
        }
    }
    found.sort();
    match found.is_empty() {
        true => "no release".to_owned(),
        false => found.join(", "),
    }
}
