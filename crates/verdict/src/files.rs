//! Configuration, `priv`, native libraries and what else lies outside of `ebin`.

use std::collections::BTreeMap;

use beam::Term;
use relup::diff::{ApplicationDiff, Change, FileDiff, KeyDiff};

use crate::case::{Case, is_runtime, shown, some};
use crate::reason::{Kind, Place, Severity};

const RESTART: &str = "deploy this version by another strategy than hot: only a start reads it";

pub(crate) fn judge(case: &mut Case<'_>) {
    configuration(case);
    release_files(case);
    let apps: Vec<ApplicationDiff> = case.diff.applications.clone();
    for app in &apps {
        if app.change == Change::Changed && !is_runtime(&app.name) {
            native(case, app);
            private(case, app);
        }
    }
    let files = case.diff.files.iter().filter(|f| !is_of_host(&f.path));
    let files: Vec<FileDiff> = files.cloned().collect();
    if !files.is_empty() {
        let detail = format!(
            "outside of applications and configuration differ: {}",
            paths(&files)
        );
        let remedy = "the files of the new release are there once it is unpacked; what runs read the \
                      old ones";
        case.both(
            Severity::Note,
            Kind::PrivChanged,
            Place::release(),
            detail,
            remedy,
        );
    }
}

fn paths(files: &[FileDiff]) -> String {
    some(files.iter().map(|file| file.path.as_str()))
}

/// Whether a file is the launcher's or the host's own record of what runs.
fn is_of_host(path: &str) -> bool {
    ["start_erl.data", "RELEASES", "COOKIE"]
        .iter()
        .any(|name| path.strip_prefix("releases/") == Some(name))
}

/// Whether a key differs by nothing but the release's version in a path, as Elixir's own key of where
/// configuration is computed does.
fn is_of_version(key: &KeyDiff, case: &Case<'_>) -> bool {
    let without = |term: &Option<Term>, vsn: &str| {
        let text = term.as_ref().map(ToString::to_string);
        text.map(|text| text.replace(&format!("releases/{vsn}/"), "releases/VSN/"))
    };
    key.application == "elixir"
        && key.key == "config_provider_init"
        && without(&key.from, &case.diff.vsn.from) == without(&key.to, &case.diff.vsn.to)
}

fn configuration(case: &mut Case<'_>) {
    let mut keys: BTreeMap<String, Vec<KeyDiff>> = BTreeMap::new();
    match &case.diff.sys_config {
        Some(diffs) => {
            for key in diffs.iter().filter(|key| !is_of_version(key, case)) {
                keys.entry(key.application.clone())
                    .or_default()
                    .push(key.clone());
            }
        }
        None => case.both(
            Severity::Doubt,
            Kind::Unseen,
            Place::release(),
            "sys.config of one release cannot be read",
            "let both releases have a sys.config that file:consult reads",
        ),
    }
    for app in &case.diff.applications {
        // Keys that come or go with their application are new to nobody.
        if app.change == Change::Changed {
            let own = keys.entry(app.name.clone()).or_default();
            own.extend(app.environment.iter().cloned());
        }
    }
    for (application, keys) in keys {
        let in_both = [case.old, case.new]
            .iter()
            .all(|s| s.release.application(&application).is_some());
        if keys.is_empty() || !in_both {
            continue;
        }
        let names = some(keys.iter().map(|key| key.key.as_str()));
        let place = Place::application(&application);
        if is_told(case, &application) {
            let detail = format!("keys of {application} differ: {names}");
            let remedy = "the application is told through its config_change/3";
            case.both(Severity::Note, Kind::ConfigChanged, place, detail, remedy);
        } else {
            let detail = format!(
                "keys of {application} differ: {names}; whoever read them when it started keeps the \
                 old values"
            );
            let remedy = "export config_change/3 from the application's callback module and hand the \
                          new values on, or keep the configuration";
            case.both(Severity::Doubt, Kind::ConfigChanged, place, detail, remedy);
        }
    }
}

/// Whether an application is told of new values: OTP calls `config_change/3` of its callback module.
fn is_told(case: &Case<'_>, application: &str) -> bool {
    let Some(app) = case.new.release.application(application) else {
        return false;
    };
    let Some((callback, _)) = &app.resource.start else {
        return false;
    };
    let module = app.modules.get(callback);
    // A default of Elixir's `use Application` there is none: who exports it has written it.
    module.is_some_and(|module| module.exports("config_change", 3))
}

fn release_files(case: &mut Case<'_>) {
    let runtime = case.diff.runtime_config;
    let mut start_only = Vec::new();
    let mut computed = Vec::new();
    for file in &case.diff.release_files {
        match file.path.as_str() {
            "vm.args" | "env.sh" => start_only.push(file.path.clone()),
            path if path.ends_with(".exs") => computed.push(path.to_owned()),
            _ => {}
        }
    }
    if !start_only.is_empty() {
        let detail = format!("{} differ", start_only.join(" and "));
        case.both(
            Severity::Doubt,
            Kind::ConfigChanged,
            Place::release(),
            detail,
            RESTART,
        );
    }
    if !computed.is_empty() || runtime.from != runtime.to {
        let detail = if computed.is_empty() {
            "configuration is computed at boot in one release only".to_owned()
        } else {
            format!(
                "configuration computed at boot differs: {}",
                computed.join(", ")
            )
        };
        let remedy = "keep it as it is, or deploy by another strategy than hot: who read the old \
                      values when it started keeps them";
        case.both(
            Severity::Doubt,
            Kind::ConfigChanged,
            Place::release(),
            detail,
            remedy,
        );
    }
}

fn native(case: &mut Case<'_>, app: &ApplicationDiff) {
    let remedy =
        "deploy this version by another strategy than hot: a native library is loaded once";
    let libraries: Vec<&FileDiff> = app.files.iter().filter(|file| file.is_native()).collect();
    if !libraries.is_empty() {
        let detail = format!(
            "differ: {}",
            some(libraries.iter().map(|file| file.path.as_str()))
        );
        let place = Place::application(&app.name);
        case.both(
            Severity::Refusal,
            Kind::NativeChanged,
            place,
            detail,
            remedy,
        );
    }
    let changed: Vec<_> = case.changed.values().copied().collect();
    for module in changed.iter().filter(|m| m.application == app.name) {
        let place = Place::module(&app.name, &module.new.name);
        let name = shown(&module.new.name);
        if module.old.loads_nif || module.new.loads_nif {
            let detail = format!("{name} loads a native library, and its code differs");
            case.both(
                Severity::Refusal,
                Kind::NativeChanged,
                place,
                detail,
                remedy,
            );
        } else if module.old.on_load || module.new.on_load {
            let detail = format!("{name} runs code when it is loaded; what that does is not seen");
            let remedy = "leave out -on_load, or deploy by another strategy than hot";
            case.both(Severity::Doubt, Kind::NativeChanged, place, detail, remedy);
        }
    }
}

fn private(case: &mut Case<'_>, app: &ApplicationDiff) {
    let files: Vec<FileDiff> = app
        .files
        .iter()
        .filter(|file| !file.is_native())
        .cloned()
        .collect();
    if files.is_empty() {
        return;
    }
    let detail = format!("differ: {}", paths(&files));
    let remedy = "the application's directory is that of the new version once the upgrade is \
                  installed; who read a file before keeps what it read";
    let place = Place::application(&app.name);
    case.both(Severity::Note, Kind::PrivChanged, place, detail, remedy);
}
