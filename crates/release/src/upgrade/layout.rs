//! Where the files of two releases stand to each other.

use std::collections::{BTreeMap, HashMap};

use relup::Release;

use crate::manifest::{Entry, EntryKind};
use crate::pair::Reading;

/// Splits a path after its directory: `lib/APP-VSN`, `releases/VSN`, or the first name.
pub(super) fn split(path: &str) -> (&str, &str) {
    let mut slashes = path.match_indices('/').map(|(at, _)| at);
    let nested = path.starts_with("lib/") || path.starts_with("releases/");
    let at = match nested {
        true => slashes.nth(1),
        false => slashes.next(),
    };
    match at {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => ("", path),
    }
}

/// Joins what [`split`] split.
pub(super) fn join(directory: &str, rest: &str) -> String {
    match directory {
        "" => rest.to_owned(),
        _ => format!("{directory}/{rest}"),
    }
}

/// Whether a path is a package's concern: files right in `releases` are the host's.
pub(super) fn is_managed(path: &str) -> bool {
    path.strip_prefix("releases/")
        .is_none_or(|rest| rest.contains('/'))
}

/// Whether a directory is never written to once it is there: its name carries a version.
pub(super) fn is_versioned(directory: &str) -> bool {
    directory.starts_with("lib/")
        || directory.starts_with("releases/")
        || directory.starts_with("erts-")
}

/// The files of a directory in both releases, by their path in it.
#[derive(Debug, Default)]
pub(super) struct Fellows<'a> {
    /// The directory in the older release.
    pub(super) from: Option<String>,
    /// The directory in the newer one.
    pub(super) to: Option<String>,
    pub(super) files: BTreeMap<&'a str, (Option<&'a EntryKind>, Option<&'a EntryKind>)>,
}

/// The directories of both releases, each with its fellow.
pub(super) fn fellows<'a>(a: &'a Reading, b: &'a Reading) -> Vec<Fellows<'a>> {
    let (names_a, names_b) = (names(&a.release), names(&b.release));
    let mut by_key: BTreeMap<String, Fellows<'a>> = BTreeMap::new();
    let key = |directory: &str, names: &HashMap<String, String>| {
        let key = names.get(directory);
        key.map_or_else(|| directory.to_owned(), Clone::clone)
    };
    for Entry { path, kind } in managed(&a.entries) {
        let (directory, rest) = split(path.as_str());
        let fellows = by_key.entry(key(directory, &names_a)).or_default();
        fellows.from.get_or_insert_with(|| directory.to_owned());
        fellows.files.entry(rest).or_default().0 = Some(kind);
    }
    for Entry { path, kind } in managed(&b.entries) {
        let (directory, rest) = split(path.as_str());
        let fellows = by_key.entry(key(directory, &names_b)).or_default();
        fellows.to.get_or_insert_with(|| directory.to_owned());
        fellows.files.entry(rest).or_default().1 = Some(kind);
    }
    by_key.into_values().collect()
}

pub(super) fn managed(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    entries
        .iter()
        .filter(|entry| is_managed(entry.path.as_str()))
}

/// What a directory whose name carries a version is called without it.
fn names(release: &Release) -> HashMap<String, String> {
    let libraries = release.applications.iter().map(|app| {
        let directory = format!("lib/{}-{}", app.name, app.vsn);
        (directory, format!("lib/{}", app.name))
    });
    let own = [
        (format!("releases/{}", release.vsn), "releases/".to_owned()),
        (format!("erts-{}", release.erts), "erts-".to_owned()),
    ];
    libraries.chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_split_after_the_directory_that_carries_a_version() {
        let cases = [
            ("lib/shop-1.0/ebin/a.beam", "lib/shop-1.0", "ebin/a.beam"),
            ("releases/1.0/sys.config", "releases/1.0", "sys.config"),
            ("erts-13/bin/erl", "erts-13", "bin/erl"),
            ("bin/shop", "bin", "shop"),
            ("README", "", "README"),
            ("lib/stray", "", "lib/stray"),
        ];
        for (path, directory, rest) in cases {
            assert_eq!(split(path), (directory, rest), "{path}");
            assert_eq!(join(directory, rest), path);
        }
    }

    #[test]
    fn files_right_in_releases_are_the_hosts() {
        assert!(!is_managed("releases/start_erl.data"));
        assert!(!is_managed("releases/shop.rel"));
        assert!(is_managed("releases/1.0/shop.rel"));
        assert!(is_managed("bin/shop"));
    }
}
