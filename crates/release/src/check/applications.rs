//! Whether applications are what the `.rel` file and their own `.app` files say.

use super::Problem;
use crate::tree::{Library, ModuleFile, ReleaseTree};

const STALE: &str = "run `mix compile --force`, then build again";
const REBUILD: &str = "run `mix release --overwrite` again";

pub(super) fn check(tree: &ReleaseTree, problems: &mut Vec<Problem>) {
    for app in &tree.rel.applications {
        match tree.library(&app.name, &app.vsn) {
            Some(library) => self::library(library, &app.name, &app.vsn, problems),
            None => problems.push(missing(tree, &app.name, &app.vsn)),
        }
    }
}

fn missing(tree: &ReleaseTree, name: &str, vsn: &str) -> Problem {
    let path = format!("lib/{name}-{vsn}");
    let prefix = format!("lib/{name}-");
    let other = tree.remains.iter().find(|directory| {
        // `logger-1.14.0`, not `logger-extras-1.0`.
        let rest = directory.strip_prefix(&prefix);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    });
    match other {
        Some(other) => Problem::new(
            path,
            format!("the .rel file wants version {vsn}, and {other} is there"),
            STALE,
        ),
        None => Problem::new(path, "the .rel file wants it, and it is missing", REBUILD),
    }
}

fn library(library: &Library, name: &str, vsn: &str, problems: &mut Vec<Problem>) {
    let ebin = format!("lib/{}/ebin", library.directory);
    let path = format!("{ebin}/{name}.app");
    let app = match &library.app {
        Ok(app) => app,
        Err(reason) => {
            problems.push(Problem::new(path, reason.clone(), STALE));
            return;
        }
    };
    if app.name != name {
        let what = format!("describes the application {}", app.name);
        problems.push(Problem::new(path.clone(), what, STALE));
    }
    if app.vsn != vsn {
        let what = format!("says version {}, and the .rel file {vsn}", app.vsn);
        problems.push(Problem::new(path.clone(), what, STALE));
    }
    for module in &app.modules {
        if !library.modules.iter().any(|file| file.name == *module) {
            let what = format!("{name}.app names this module, and it is missing");
            problems.push(Problem::new(format!("{ebin}/{module}.beam"), what, STALE));
        }
    }
    for module in &library.modules {
        readable(module, problems);
    }
}

/// A beam that cannot be read, or holds another module, fails when it is loaded: at boot, or later.
pub(super) fn readable(module: &ModuleFile, problems: &mut Vec<Problem>) {
    let what = match &module.found {
        Ok(found) if found.module == module.name => return,
        Ok(found) => format!("holds the module {}", found.module),
        Err(reason) => reason.clone(),
    };
    problems.push(Problem::new(module.path.clone(), what, STALE));
}
