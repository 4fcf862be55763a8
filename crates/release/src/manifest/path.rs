//! Paths inside an artifact that cannot leave it.

use std::fmt;
use std::path::Path;

/// A relative path of plain names, joined by `/`: never absolute, no `.`, `..` or empty name, no
/// control character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryPath(String);

/// A path that may not be in an artifact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("path {path:?} {reason}")]
pub struct InvalidPath {
    /// The path.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// No file system takes longer ones.
const PATH_BYTES_MAX: usize = 4000;
const NAME_BYTES_MAX: usize = 255;

impl EntryPath {
    /// Accepts a path that stays inside.
    ///
    /// # Errors
    /// Where it does not.
    pub fn new(path: impl Into<String>) -> Result<Self, InvalidPath> {
        let path = path.into();
        match fault(&path) {
            None => Ok(Self(path)),
            Some(reason) => Err(InvalidPath { path, reason }),
        }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks a symbolic link's target: relative, and still inside when followed from this path.
    ///
    /// # Errors
    /// Where it is absolute or leaves the release.
    pub fn check_link_target(&self, target: &str) -> Result<(), InvalidPath> {
        let invalid = |reason| InvalidPath {
            path: format!("{self} -> {target}"),
            reason,
        };
        if target.is_empty() || target.len() > PATH_BYTES_MAX {
            return Err(invalid("is a link with an impossible target"));
        }
        if target.chars().any(char::is_control) {
            return Err(invalid("is a link with a control character in its target"));
        }
        if target.starts_with('/') {
            return Err(invalid("is a link to an absolute path"));
        }
        // Depth of the directory that the link is in; no step may go above the root.
        let mut depth = self.0.split('/').count() - 1;
        for name in target.split('/') {
            match name {
                "" | "." => {}
                ".." if depth == 0 => return Err(invalid("is a link that leaves the release")),
                ".." => depth -= 1,
                _ => depth += 1,
            }
        }
        Ok(())
    }
}

fn fault(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("is empty");
    }
    if path.len() > PATH_BYTES_MAX {
        return Some("is too long");
    }
    if path.starts_with('/') {
        return Some("is absolute");
    }
    if path.chars().any(char::is_control) {
        return Some("holds a control character");
    }
    path.split('/').find_map(|name| match name {
        "" => Some("holds an empty name"),
        "." | ".." => Some("holds . or .."),
        name if name.len() > NAME_BYTES_MAX => Some("holds a name that is too long"),
        _ => None,
    })
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<Path> for EntryPath {
    fn as_ref(&self) -> &Path {
        Path::new(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_could_leave_the_release_is_refused() {
        for path in ["a", "lib/kernel-8.5.3/ebin/kernel.app", "..a/b..", "ü/ß"] {
            assert!(EntryPath::new(path).is_ok(), "{path}");
        }
        for path in [
            "", "/etc", "a/../b", "..", ".", "a//b", "a/", "./a", "a\nb", "a\0b",
        ] {
            assert!(EntryPath::new(path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn a_link_that_leaves_the_release_is_refused() {
        let path = EntryPath::new("lib/a/link").unwrap();
        for target in ["b", "../b", "../../bin/x", "./b/../../c"] {
            assert!(path.check_link_target(target).is_ok(), "{target}");
        }
        for target in ["", "/etc/passwd", "../../../etc", "b/../../../../c", "a\nb"] {
            assert!(path.check_link_target(target).is_err(), "{target:?}");
        }
    }
}
