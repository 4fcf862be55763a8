//! What differs in an application.

use beam::rel::StartType;

use super::module::modules;
use super::{Both, Change, FileDiff, KeyDiff, ModuleDiff, Names, keys};
use crate::model::Modules;
use crate::{Application, Release};

/// An application that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplicationDiff {
    /// Its name.
    pub name: String,
    /// What happened to it.
    pub change: Change,
    /// Its versions.
    pub vsn: Both<Option<String>>,
    /// How it is started, where that differs.
    pub start: Option<Both<StartType>>,
    /// Applications that it needs.
    pub dependencies: Names,
    /// Keys of its default environment.
    pub environment: Vec<KeyDiff>,
    /// Whether its callback module or the argument of it differs.
    pub callback: bool,
    /// Names that its processes register.
    pub registered: Names,
    /// The modules that differ, by name; of an application that is new or gone, all.
    pub modules: Vec<ModuleDiff>,
    /// How many modules are the same.
    pub modules_same: usize,
    /// How many modules hold the same code in another file: debug information, documentation.
    pub modules_same_code: usize,
    /// Files outside `ebin` that differ, by path.
    pub files: Vec<FileDiff>,
    /// Whether its appup differs.
    pub appup: bool,
}

impl ApplicationDiff {
    /// Whether something in its directory differs although its version does not.
    pub fn is_vsn_unchanged(&self) -> bool {
        self.change == Change::Changed && self.vsn.from == self.vsn.to && !self.is_start_only()
    }

    /// Whether nothing differs but how the release starts it, which is not in its directory.
    fn is_start_only(&self) -> bool {
        let nothing = self.dependencies.is_empty()
            && self.environment.is_empty()
            && self.registered.is_empty()
            && self.modules.is_empty()
            && self.files.is_empty();
        nothing && !self.callback && !self.appup && self.modules_same_code == 0
    }
}

/// Compares an application of two releases; `files` are those of its directory that differ. `None` where
/// nothing differs.
#[must_use]
pub fn application(
    a: &Release,
    b: &Release,
    name: &str,
    files: Vec<FileDiff>,
) -> Option<ApplicationDiff> {
    let (from, to) = (a.application(name), b.application(name));
    let none = Modules::new();
    let of = |app: Option<&Application>| -> Option<String> { app.map(|app| app.vsn.clone()) };
    let change = match (from, to) {
        (Some(_), Some(_)) => Change::Changed,
        (None, Some(_)) => Change::Added,
        (Some(_), None) => Change::Removed,
        (None, None) => return None,
    };
    let modules = modules(
        from.map_or(&none, |app| &app.modules),
        to.map_or(&none, |app| &app.modules),
    );
    let in_both = from.zip(to);
    let names = |list: fn(&Application) -> &Vec<String>| {
        let of = |app: Option<&Application>| -> Vec<String> {
            app.map(|app| list(app).clone()).unwrap_or_default()
        };
        let (from, to) = match in_both {
            Some(_) => (of(from), of(to)),
            None => return Names::default(),
        };
        Names::of(
            from.iter().map(String::as_str),
            to.iter().map(String::as_str),
        )
    };
    let own_app = format!("ebin/{name}.app");
    let own_appup = format!("ebin/{name}.appup");
    let (beams, others): (Vec<_>, Vec<_>) = files
        .into_iter()
        .partition(|file| file.path.starts_with("ebin/") && file.path.ends_with(".beam"));
    let appup = others.iter().any(|file| file.path == own_appup);
    // Of an `.app` all that counts is compared by itself.
    let app_differs = others.iter().any(|file| file.path == own_app);
    let files: Vec<FileDiff> = others
        .into_iter()
        .filter(|file| file.path != own_appup && file.path != own_app)
        .collect();
    let differing = |module: &ModuleDiff| module.change == Change::Changed;
    let changed_files = beams.iter().filter(|f| f.change == Change::Changed).count();
    let changed_modules = modules.iter().filter(|m| differing(m)).count();
    let present = to.or(from).map_or(0, |app| app.modules.len());
    let there = modules
        .iter()
        .filter(|m| m.change != Change::Removed || to.is_none());
    let diff = ApplicationDiff {
        name: name.to_owned(),
        change,
        vsn: Both {
            from: of(from),
            to: of(to),
        },
        start: in_both
            .filter(|(from, to)| from.start != to.start)
            .map(|(from, to)| Both {
                from: from.start,
                to: to.start,
            }),
        dependencies: names(|app| &app.resource.applications),
        environment: in_both.map_or_else(Vec::new, |(from, to)| {
            keys(name, &from.resource.env, &to.resource.env)
        }),
        callback: in_both.is_some_and(|(from, to)| from.resource.start != to.resource.start),
        registered: names(|app| &app.resource.registered),
        modules_same: present - there.count(),
        modules_same_code: changed_files.saturating_sub(changed_modules),
        modules,
        files,
        appup,
    };
    let same = diff.change == Change::Changed
        && diff.vsn.from == diff.vsn.to
        && diff.start.is_none()
        && diff.is_start_only()
        && !app_differs;
    (!same).then_some(diff)
}
