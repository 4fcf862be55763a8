//! Whether instructions name every module that differs, and none that is not there.

use std::collections::BTreeSet;

use relup::generate::Composed;
use relup::model::Application;
use relup::{Direction, High, Low};

use crate::case::{Case, applications, is_runtime, shown, some};
use crate::judge::DIRECTIONS;
use crate::reason::{Kind, Place, Severity};

pub(crate) fn judge(case: &mut Case<'_>, composed: &Composed) {
    missing(case, composed);
    for direction in DIRECTIONS {
        let (from, to) = case.sides(direction);
        let mut reasons = Vec::new();
        for app in applications(to.release) {
            let Some(before) = from.release.application(&app.name) else {
                continue;
            };
            if before.vsn == app.vsn {
                continue;
            }
            let script = script(case, composed, &app.name, direction);
            let named = Named::of(&script);
            if named.all.contains(&app.name) {
                continue;
            }
            let differing = differing(case, before, app, direction);
            let open: Vec<&str> = differing
                .iter()
                .filter(|(name, _)| !named.modules.contains(*name))
                .map(|(name, _)| shown(name))
                .collect();
            if !open.is_empty() {
                let detail = format!("no instruction names what differs: {}", some(open));
                reasons.push((app.name.clone(), detail, "name each in the appup"));
            }
            let known = |name: &&String| {
                !app.modules.contains_key(*name) && !before.modules.contains_key(*name)
            };
            let unknown: Vec<&str> = named
                .modules
                .iter()
                .filter(known)
                .map(|n| shown(n))
                .collect();
            if !unknown.is_empty() {
                let detail = format!(
                    "instructions name modules that are in neither: {}",
                    some(unknown)
                );
                reasons.push((app.name.clone(), detail, "take them out of the appup"));
            }
            let protocols: Vec<&str> = named
                .modules
                .iter()
                .filter(|name| to.release.consolidated.contains_key(*name))
                .map(|name| shown(name))
                .collect();
            if !protocols.is_empty() {
                let detail = format!(
                    "the appup loads protocols, unconsolidated: {}",
                    some(protocols)
                );
                let remedy = "take them out of the appup: consolidated protocols are loaded by the \
                              release's own instructions";
                reasons.push((app.name.clone(), detail, remedy));
            }
        }
        for (application, detail, remedy) in reasons {
            let place = Place::application(application);
            let kind = Kind::ModuleUncovered;
            case.add(
                Severity::Refusal,
                kind,
                place,
                Some(direction),
                detail,
                remedy,
            );
        }
    }
}

/// Says of which applications the instructions were generated.
fn missing(case: &mut Case<'_>, composed: &Composed) {
    for name in composed.generated.applications.keys() {
        if is_runtime(name) {
            continue;
        }
        let detail = format!("{name} has no appup for this pair; its instructions were generated");
        let remedy = "read them with `cutover release appup`; one kept in the project wins";
        let place = Place::application(name);
        case.both(Severity::Note, Kind::AppupMissing, place, detail, remedy);
    }
}

/// The instructions of an application in a direction.
pub(crate) fn script(
    case: &Case<'_>,
    composed: &Composed,
    application: &str,
    direction: Direction,
) -> Vec<High> {
    let vsn = case
        .old
        .release
        .application(application)
        .map(|app| app.vsn.as_str());
    let found = vsn.map(|vsn| composed.appups.instructions(application, direction, vsn));
    match found {
        Some(Ok(Some(chosen))) => chosen.instructions.to_vec(),
        _ => Vec::new(),
    }
}

fn differing<'a>(
    case: &Case<'_>,
    from: &'a Application,
    to: &'a Application,
    direction: Direction,
) -> Vec<(&'a str, &'static str)> {
    let (_, target) = case.sides(direction);
    let mut found = Vec::new();
    for (name, module) in &to.modules {
        let is_consolidated = target.release.consolidated.contains_key(name);
        match from.modules.get(name) {
            Some(old) if old.md5 == module.md5 => {}
            _ if is_consolidated => {}
            Some(_) => found.push((name.as_str(), "changed")),
            // One that came from another application is replaced, and named there.
            None => found.push((name.as_str(), "added")),
        }
    }
    let gone = from
        .modules
        .keys()
        .filter(|name| !to.modules.contains_key(*name));
    found.extend(
        gone.filter(|name| target.release.module(name).is_none())
            .map(|name| (name.as_str(), "removed")),
    );
    found
}

/// What a script names.
#[derive(Debug, Default)]
struct Named {
    modules: BTreeSet<String>,
    /// Applications that are replaced as a whole.
    all: BTreeSet<String>,
}

impl Named {
    fn of(script: &[High]) -> Self {
        let mut named = Self::default();
        for instruction in script {
            match instruction {
                High::Update(update) => {
                    named.modules.insert(update.module.clone());
                }
                High::LoadModule { module, .. }
                | High::AddModule { module, .. }
                | High::DeleteModule { module, .. }
                | High::Low(Low::Load { module, .. } | Low::Remove { module, .. }) => {
                    named.modules.insert(module.clone());
                }
                High::RestartApplication { application } => {
                    named.all.insert(application.clone());
                }
                _ => {}
            }
        }
        named
    }
}
