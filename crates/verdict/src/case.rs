//! What is judged, and the reasons found so far.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use beam::ModuleMd5;
use relup::diff::{Change, Diff, diff};
use relup::generate::Side;
use relup::model::{Application, Module};
use relup::{Direction, Release};

use crate::reason::{Kind, Place, Reason, Severity};

/// Applications of OTP and Elixir themselves.
const RUNTIME: [&str; 44] = [
    "asn1",
    "common_test",
    "compiler",
    "crypto",
    "debugger",
    "dialyzer",
    "diameter",
    "edoc",
    "eldap",
    "erl_docgen",
    "erl_interface",
    "erts",
    "et",
    "eunit",
    "ftp",
    "inets",
    "jinterface",
    "kernel",
    "megaco",
    "mnesia",
    "nteventlog",
    "observer",
    "odbc",
    "os_mon",
    "parsetools",
    "public_key",
    "reltool",
    "runtime_tools",
    "sasl",
    "snmp",
    "ssh",
    "ssl",
    "stdlib",
    "syntax_tools",
    "tftp",
    "tools",
    "wx",
    "xmerl",
    "eex",
    "elixir",
    "ex_unit",
    "iex",
    "logger",
    "mix",
];

/// A module that both releases have with different code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Changed<'a> {
    pub(crate) application: &'a str,
    pub(crate) old: &'a Module,
    pub(crate) new: &'a Module,
}

/// A pair of releases and what was found of it.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) old: Side<'a>,
    pub(crate) new: Side<'a>,
    pub(crate) diff: Diff,
    /// Modules with different code, by name, outside OTP and Elixir.
    pub(crate) changed: BTreeMap<&'a str, Changed<'a>>,
    /// Modules that differ, are new or gone, or call one of these, however far away.
    touched: BTreeSet<String>,
    pub(crate) reasons: Vec<Reason>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(old: Side<'a>, new: Side<'a>) -> Self {
        Self {
            diff: diff(old.release, new.release),
            changed: changed(old.release, new.release),
            touched: touched(old.release, new.release),
            reasons: Vec::new(),
            old,
            new,
        }
    }

    /// The sides in the order of a direction.
    pub(crate) fn sides(&self, direction: Direction) -> (Side<'a>, Side<'a>) {
        match direction {
            Direction::Up => (self.old, self.new),
            Direction::Down => (self.new, self.old),
        }
    }

    /// Whether an application is one of both releases and differs.
    pub(crate) fn is_changed(&self, application: &str) -> bool {
        let mut diffs = self.diff.applications.iter();
        diffs.any(|app| app.name == application && app.change == Change::Changed)
    }

    /// Whether what a module computes may differ: it does, or something that it calls.
    pub(crate) fn is_touched(&self, module: &str) -> bool {
        self.touched.contains(module)
    }

    /// Adds a reason that concerns both directions.
    pub(crate) fn both(
        &mut self,
        severity: Severity,
        kind: Kind,
        place: Place,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(severity, kind, place, None, detail, remedy);
    }

    /// Adds a reason.
    pub(crate) fn add(
        &mut self,
        severity: Severity,
        kind: Kind,
        place: Place,
        direction: Option<Direction>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.reasons.push(Reason {
            severity,
            kind,
            place,
            direction,
            detail: detail.into(),
            remedy: remedy.into(),
        });
    }

    /// Whether a reason against a direction is known already for a module.
    pub(crate) fn is_against(&self, kind: Kind, module: &str, direction: Direction) -> bool {
        self.reasons.iter().any(|reason| {
            reason.kind == kind
                && reason.severity != Severity::Note
                && reason.place.module.as_deref() == Some(module)
                && reason.direction.is_none_or(|way| way == direction)
        })
    }
}

/// Whether an application belongs to OTP or Elixir.
pub(crate) fn is_runtime(application: &str) -> bool {
    RUNTIME.contains(&application)
}

/// The applications of a release that are neither OTP's nor Elixir's.
pub(crate) fn applications(release: &Release) -> impl Iterator<Item = &Application> {
    let apps = release.applications.iter();
    apps.filter(|app| !is_runtime(&app.name))
}

fn changed<'a>(old: &'a Release, new: &'a Release) -> BTreeMap<&'a str, Changed<'a>> {
    let mut found = BTreeMap::new();
    let before: BTreeMap<&str, &Module> = applications(old)
        .flat_map(|app| &app.modules)
        .map(|(name, module)| (name.as_str(), module.as_ref()))
        .collect();
    for app in applications(new) {
        for (name, module) in &app.modules {
            if let Some(old) = before
                .get(name.as_str())
                .filter(|old| old.md5 != module.md5)
            {
                let changed = Changed {
                    application: &app.name,
                    old,
                    new: module,
                };
                found.insert(name.as_str(), changed);
            }
        }
    }
    found
}

fn touched(old: &Release, new: &Release) -> BTreeSet<String> {
    let mut callers: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    let mut digests: [HashMap<&str, ModuleMd5>; 2] = [HashMap::new(), HashMap::new()];
    for (release, digests) in [old, new].into_iter().zip(&mut digests) {
        for (name, module) in release.applications.iter().flat_map(|app| &app.modules) {
            digests.insert(name, module.md5);
            for (callee, _, _) in &module.imports {
                callers.entry(callee).or_default().insert(name);
            }
        }
    }
    let [before, after] = &digests;
    let names = before.keys().chain(after.keys());
    let mut open: Vec<&str> = names
        .filter(|n| before.get(*n) != after.get(*n))
        .copied()
        .collect();
    let mut touched = BTreeSet::new();
    while let Some(name) = open.pop() {
        if touched.insert(name.to_owned()) {
            open.extend(callers.get(name).into_iter().flatten());
        }
    }
    touched
}

/// Some names as text: the first five, and how many more.
pub(crate) fn some<'s>(names: impl IntoIterator<Item = &'s str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(5) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A module's name as its language writes it.
pub(crate) fn shown(module: &str) -> &str {
    module.strip_prefix("Elixir.").unwrap_or(module)
}

/// Whether an application is one of Elixir's own.
pub(crate) fn is_elixirs(application: &str) -> bool {
    ["eex", "elixir", "ex_unit", "iex", "logger", "mix"].contains(&application)
}
