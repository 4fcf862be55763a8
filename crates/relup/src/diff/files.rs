//! Files, by their place in an application or a release.

use std::collections::{BTreeMap, HashMap};

use super::{Both, Change};
use crate::Release;
use crate::model::File;

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// Its path below the application's directory, `releases/VSN`, ERTS or the root.
    pub path: String,
    /// What happened to it.
    pub change: Change,
    /// Its sizes in bytes, zero where it is not there.
    pub bytes: Both<u64>,
}

impl FileDiff {
    /// Whether it is a library of native code, which a node cannot load twice under one name.
    pub fn is_native(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        // `libcrypto.so.3` as well.
        name.ends_with(".so")
            || name.contains(".so.")
            || name.ends_with(".dylib")
            || name.ends_with(".dll")
    }
}

/// Files that differ, by place.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// By application.
    pub(super) applications: BTreeMap<String, Vec<FileDiff>>,
    pub(super) release: Vec<FileDiff>,
    pub(super) erts: Vec<FileDiff>,
    pub(super) others: Vec<FileDiff>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'a> {
    Application(&'a str, &'a str),
    Release(&'a str),
    Erts(&'a str),
    Root(&'a str),
}

/// Compares all files; those of consolidated protocols are modules, and left out.
pub(super) fn sort(a: &Release, b: &Release) -> Sorted {
    let (from, to) = (places(a), places(b));
    let mut sorted = Sorted::default();
    let mut note = |place: &Place<'_>, change, from: u64, to: u64| {
        let (list, path) = match place {
            Place::Application(app, path) => {
                let list = sorted.applications.entry((*app).to_owned());
                (list.or_default(), path)
            }
            Place::Release(path) => (&mut sorted.release, path),
            Place::Erts(path) => (&mut sorted.erts, path),
            Place::Root(path) => (&mut sorted.others, path),
        };
        list.push(FileDiff {
            path: (*path).to_owned(),
            change,
            bytes: Both { from, to },
        });
    };
    for (place, old) in &from {
        match to.get(place) {
            None => note(place, Change::Removed, old.size, 0),
            Some(new) if new.digest != old.digest => {
                note(place, Change::Changed, old.size, new.size);
            }
            Some(_) => {}
        }
    }
    for (place, new) in &to {
        if !from.contains_key(place) {
            note(place, Change::Added, 0, new.size);
        }
    }
    let own = sorted.applications.values_mut();
    for list in own.chain([&mut sorted.release, &mut sorted.erts, &mut sorted.others]) {
        list.sort_by(|a, b| a.path.cmp(&b.path));
    }
    sorted
}

fn places(release: &Release) -> BTreeMap<Place<'_>, File> {
    let names: HashMap<String, &str> = release
        .applications
        .iter()
        .map(|app| (format!("{}-{}", app.name, app.vsn), app.name.as_str()))
        .collect();
    let erts = format!("erts-{}/", release.erts);
    let own = format!("releases/{}/", release.vsn);
    let place = |path: &'_ str| -> Option<(usize, Option<&str>, bool)> {
        if let Some(rest) = path.strip_prefix(&own) {
            let is_protocol = rest.starts_with("consolidated/");
            return (!is_protocol).then_some((own.len(), None, true));
        }
        if path.starts_with(&erts) {
            return Some((erts.len(), None, false));
        }
        let (directory, rest) = path.strip_prefix("lib/")?.split_once('/')?;
        Some((path.len() - rest.len(), Some(names.get(directory)?), false))
    };
    let files = release.files.iter().filter_map(|(path, file)| {
        let place = match place(path) {
            Some((at, Some(app), _)) => Place::Application(app, &path[at..]),
            Some((at, None, true)) => Place::Release(&path[at..]),
            Some((at, None, false)) => Place::Erts(&path[at..]),
            None if path.starts_with(&own) => return None,
            None => Place::Root(path),
        };
        Some((place, *file))
    });
    files.collect()
}
