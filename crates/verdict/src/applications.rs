//! Applications that are new or gone, or differ under one version.

use std::collections::BTreeSet;

use beam::rel::StartType;
use relup::Release;
use relup::diff::{ApplicationDiff, Change};
use relup::model::{Application, Module};

use crate::case::{Case, is_runtime, shown, some};
use crate::judge::DIRECTIONS;
use crate::reason::{Kind, Place, Severity};

pub(crate) fn judge(case: &mut Case<'_>) {
    let vsn = case.diff.vsn.clone();
    if vsn.from == vsn.to {
        case.both(
            Severity::Refusal,
            Kind::VersionUnchanged,
            Place::release(),
            format!("both releases have the version {}", vsn.to),
            "bump `version:` of the project, and of each application that differs",
        );
    }
    let apps: Vec<ApplicationDiff> = case.diff.applications.clone();
    for app in &apps {
        match app.change {
            Change::Changed => changed(case, app),
            Change::Added | Change::Removed => come_or_gone(case, app),
        }
    }
}

fn changed(case: &mut Case<'_>, app: &ApplicationDiff) {
    let place = Place::application(&app.name);
    if app.is_vsn_unchanged() && !is_runtime(&app.name) {
        let vsn = app.vsn.to.clone().unwrap_or_default();
        let modules = app.modules.iter().map(|m| shown(&m.name));
        let what: Vec<&str> = modules
            .chain(app.files.iter().map(|f| f.path.as_str()))
            .collect();
        if what.is_empty() && app.environment.is_empty() && !app.callback {
            let detail = format!(
                "{} {vsn} has the same code with other debug information",
                app.name
            );
            case.both(
                Severity::Note,
                Kind::VersionUnchanged,
                place.clone(),
                detail,
                "nothing to do",
            );
        } else {
            let mut detail = format!("{} {vsn} has the same version and other content", app.name);
            if !what.is_empty() {
                detail = format!("{detail}: {}", some(what));
            }
            let remedy = format!("bump `version:` of {} in its mix.exs", app.name);
            case.both(
                Severity::Refusal,
                Kind::VersionUnchanged,
                place.clone(),
                detail,
                remedy,
            );
        }
    }
    if app.callback {
        case.both(
            Severity::Refusal,
            Kind::SupervisionChanged,
            place.clone(),
            format!(
                "the callback module of {}, or its argument, differs",
                app.name
            ),
            "the running application was started by the other one: keep `mod:` as it is, or deploy \
             by another strategy than hot",
        );
    }
    if let Some(start) = &app.start {
        case.both(
            Severity::Doubt,
            Kind::SupervisionChanged,
            place,
            format!(
                "{} was started as {:?} and is started as {:?}: a running application keeps what it \
                 was started as",
                app.name, start.from, start.to
            ),
            "keep how the release starts it",
        );
    }
}

fn come_or_gone(case: &mut Case<'_>, app: &ApplicationDiff) {
    let kind = match app.change {
        Change::Added => Kind::ApplicationAdded,
        _ => Kind::ApplicationRemoved,
    };
    for direction in DIRECTIONS {
        let (from, to) = case.sides(direction);
        let place = Place::application(&app.name);
        if let Some(new) = to.release.application(&app.name) {
            let hindrances = hindrances(case, new, to.release);
            let vsn = &new.vsn;
            if hindrances.is_empty() {
                let detail = format!("{} {vsn} is started: {}", app.name, how(new));
                let remedy = "done by add_application, before any code is replaced";
                case.add(Severity::Note, kind, place, Some(direction), detail, remedy);
            } else {
                for hindrance in hindrances {
                    let detail = format!("{} {vsn} is started, and {hindrance}", app.name);
                    let remedy = "bring the application in with a release of its own first";
                    let way = Some(direction);
                    case.add(Severity::Doubt, kind, place.clone(), way, detail, remedy);
                }
            }
        } else if let Some(old) = from.release.application(&app.name) {
            let users = users(old, to.release);
            let (severity, detail, remedy) = if users.is_empty() {
                (
                    Severity::Note,
                    format!("{} {} is stopped: {}", app.name, old.vsn, how(old)),
                    "done by remove_application, after all code is replaced",
                )
            } else {
                (
                    Severity::Doubt,
                    format!(
                        "{} {} is stopped, and modules that stay call it: {}",
                        app.name,
                        old.vsn,
                        some(users.iter().copied().map(shown))
                    ),
                    "remove what calls it first, or keep the application",
                )
            };
            case.add(severity, kind, place, Some(direction), detail, remedy);
        }
    }
}

fn starts(app: &Application) -> bool {
    app.resource.start.is_some() && !matches!(app.start, StartType::None | StartType::Load)
}

fn how(app: &Application) -> &'static str {
    if starts(app) {
        "it has processes of its own"
    } else {
        "a library without processes"
    }
}

/// What makes the start of an application within an upgrade differ from one at boot.
///
/// OTP starts added applications first, on what is there: the code of before.
fn hindrances(case: &Case<'_>, app: &Application, to: &Release) -> Vec<String> {
    if !starts(app) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let needs = needs(app, to);
    let old: Vec<&str> = needs
        .iter()
        .copied()
        .filter(|name| case.is_changed(name))
        .collect();
    if !old.is_empty() {
        found.push(format!(
            "needs applications whose new code is loaded only after that: {}",
            some(old)
        ));
    }
    let calls_changed = |module: &&Module| {
        let mut imports = module.imports.iter();
        imports.any(|(name, _, _)| case.changed.contains_key(name.as_str()))
    };
    let modules = app.modules.values().map(AsRef::as_ref);
    let callers: Vec<&str> = modules
        .filter(calls_changed)
        .map(|m| m.name.as_str())
        .collect();
    if !callers.is_empty() {
        found.push(format!(
            "calls modules whose new code is loaded only after that: from {}",
            some(callers.into_iter().map(shown))
        ));
    }
    let modules = app.modules.values();
    let implements: Vec<&str> = modules
        .filter(|module| module.exports("__impl__", 1))
        .map(|module| shown(&module.name))
        .collect();
    if !implements.is_empty() {
        found.push(format!(
            "has implementations of protocols that are consolidated only after that: {}",
            some(implements)
        ));
    }
    found
}

/// The applications that one needs, and those that these need.
fn needs<'a>(app: &'a Application, release: &'a Release) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![app];
    while let Some(app) = open.pop() {
        let resource = &app.resource;
        for name in resource
            .applications
            .iter()
            .chain(&resource.included_applications)
        {
            if let Some(needed) = release
                .application(name)
                .filter(|a| found.insert(a.name.as_str()))
            {
                open.push(needed);
            }
        }
    }
    found
}

/// The modules of a release that call modules of an application that it does not have.
fn users<'a>(gone: &Application, to: &'a Release) -> Vec<&'a str> {
    let calls = |module: &&Module| {
        let mut imports = module.imports.iter();
        imports.any(|(name, _, _)| gone.modules.contains_key(name) && to.module(name).is_none())
    };
    let modules = to.applications.iter().flat_map(|app| app.modules.values());
    let users = modules.map(AsRef::as_ref).filter(calls);
    users.map(|module| module.name.as_str()).collect()
}
