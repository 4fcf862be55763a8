//! What differs between two releases.
//!
//! A module differs when the digest of its code does, or its `-vsn`; files that hold the same code with
//! other debug information are counted apart. Files are held against each other by their place in the
//! application or release, so the version in the name of a directory makes no difference.

mod application;
mod config;
mod files;
mod module;
mod structure;

use std::collections::BTreeSet;

use crate::Release;

pub use application::{ApplicationDiff, application};
pub use config::{KeyDiff, keys};
pub use files::FileDiff;
pub use module::{ModuleDiff, StateDiff, module};

/// What happened to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another one.
    Changed,
}

/// What both releases have of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Both<T> {
    /// The older.
    pub from: T,
    /// The newer.
    pub to: T,
}

/// Names that only one side has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Those that are new, sorted.
    pub added: Vec<String>,
    /// Those that are gone, sorted.
    pub removed: Vec<String>,
}

/// What differs between two releases.
#[derive(Debug, Clone, PartialEq)]
pub struct Diff {
    /// The names of the releases.
    pub name: Both<String>,
    /// Their versions.
    pub vsn: Both<String>,
    /// The versions of ERTS.
    pub erts: Both<String>,
    /// The OTP releases that these belong to, such as `25`; empty where it cannot be told.
    pub otp: Both<String>,
    /// The versions of Elixir, where it is inside.
    pub elixir: Both<Option<String>>,
    /// The applications that differ, by name.
    pub applications: Vec<ApplicationDiff>,
    /// How many applications are the same.
    pub applications_same: usize,
    /// Consolidated protocols that differ, by name.
    pub consolidated: Vec<ModuleDiff>,
    /// Keys of `sys.config` that differ, by application and key; `None` where one side has no file that
    /// can be read.
    pub sys_config: Option<Vec<KeyDiff>>,
    /// Whether configuration is computed at boot.
    pub runtime_config: Both<bool>,
    /// Files of `releases/VSN` that differ, protocols aside.
    pub release_files: Vec<FileDiff>,
    /// Files of ERTS that differ, by their path in it.
    pub erts_files: Vec<FileDiff>,
    /// Everything else that differs: launchers, overlays.
    pub files: Vec<FileDiff>,
    /// Bytes of all files.
    pub bytes: Both<u64>,
}

impl Diff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        let same = |both: &Both<String>| both.from == both.to;
        same(&self.name)
            && same(&self.vsn)
            && same(&self.erts)
            && self.applications.is_empty()
            && self.consolidated.is_empty()
            && self.sys_config.as_ref().is_none_or(Vec::is_empty)
            && self.release_files.is_empty()
            && self.erts_files.is_empty()
            && self.files.is_empty()
    }

    /// The native libraries that differ, wherever they are.
    pub fn natives(&self) -> impl Iterator<Item = &FileDiff> {
        let apps = self.applications.iter().flat_map(|app| &app.files);
        apps.chain(&self.files).filter(|file| file.is_native())
    }
}

/// Compares two releases.
#[must_use]
pub fn diff(a: &Release, b: &Release) -> Diff {
    let names: BTreeSet<&str> = a
        .applications
        .iter()
        .chain(&b.applications)
        .map(|app| app.name.as_str())
        .collect();
    let sorted = files::sort(a, b);
    let applications: Vec<ApplicationDiff> = names
        .iter()
        .filter_map(|name| {
            let files = sorted.applications.get(*name).cloned();
            application(a, b, name, files.unwrap_or_default())
        })
        .collect();
    let elixir = |release: &Release| Some(release.application("elixir")?.vsn.clone());
    let bytes = |release: &Release| release.files.values().map(|file| file.size).sum();
    Diff {
        name: both(a, b, |r| r.name.clone()),
        vsn: both(a, b, |r| r.vsn.clone()),
        erts: both(a, b, |r| r.erts.clone()),
        otp: both(a, b, |r| otp_release(&r.erts)),
        elixir: both(a, b, elixir),
        applications_same: names.len() - applications.len(),
        applications,
        consolidated: module::modules(&a.consolidated, &b.consolidated),
        sys_config: match (&a.sys_config, &b.sys_config) {
            (Some(from), Some(to)) => Some(config::applications(from, to)),
            (None, None) => Some(Vec::new()),
            _ => None,
        },
        runtime_config: both(a, b, |r| r.runtime_config),
        release_files: sorted.release,
        erts_files: sorted.erts,
        files: sorted.others,
        bytes: both(a, b, bytes),
    }
}

fn both<T>(a: &Release, b: &Release, of: impl Fn(&Release) -> T) -> Both<T> {
    Both {
        from: of(a),
        to: of(b),
    }
}

/// Since OTP 23 (ERTS 11) the two count in step, twelve apart; older ones are not named.
fn otp_release(erts: &str) -> String {
    let major = erts.split('.').next().and_then(|m| m.parse::<u32>().ok());
    match major {
        Some(major) if major >= 11 => (major + 12).to_string(),
        _ => String::new(),
    }
}

impl Names {
    pub(crate) fn of<'a>(
        from: impl Iterator<Item = &'a str>,
        to: impl Iterator<Item = &'a str>,
    ) -> Self {
        let (from, to): (BTreeSet<&str>, BTreeSet<&str>) = (from.collect(), to.collect());
        let owned =
            |names: &mut dyn Iterator<Item = &&str>| names.map(|name| (*name).to_owned()).collect();
        Self {
            added: owned(&mut to.difference(&from)),
            removed: owned(&mut from.difference(&to)),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

#[cfg(test)]
mod tests;
