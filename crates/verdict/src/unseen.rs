//! Modules whose debug information is not there, though it would tell something.

use std::collections::BTreeMap;

use relup::generate::{Role, role};
use relup::model::Module;

use crate::case::{Case, applications, shown, some};
use crate::judge::DIRECTIONS;
use crate::reason::{Kind, Place, Severity};

pub(crate) fn judge(case: &mut Case<'_>) {
    for direction in DIRECTIONS {
        let (from, to) = case.sides(direction);
        let mut unseen: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for app in applications(from.release) {
            for (name, module) in &app.modules {
                let target = to.release.module(name).map(|(_, module)| module);
                if target.is_some_and(|target| target.md5 == module.md5) {
                    continue;
                }
                let is_seen = from.code.code(name).is_some()
                    && target.is_none_or(|_| to.code.code(name).is_some());
                let tells = tells(module) || target.is_some_and(tells);
                if !is_seen && tells {
                    unseen.entry(&app.name).or_default().push(shown(name));
                }
            }
        }
        for (application, modules) in unseen {
            let detail = format!(
                "no debug information of {} that differ: {}",
                match modules.len() {
                    1 => "a module".to_owned(),
                    count => format!("{count} modules"),
                },
                some(modules)
            );
            let remedy = "keep the debug chunks beside the artifact (`cutover build` does), or do not \
                          strip the release";
            let place = Place::application(application);
            case.add(
                Severity::Doubt,
                Kind::Unseen,
                place,
                Some(direction),
                detail,
                remedy,
            );
        }
    }
}

/// Whether there is anything that only debug information would tell: a state, children, a struct,
/// closures, processes started.
fn tells(module: &Module) -> bool {
    let starts = |(m, f, _): &(String, String, u32)| {
        f.starts_with("spawn") || f.starts_with("start") || m == "proc_lib"
    };
    role(module) != Role::Plain
        || module.funs > 0
        || module.exports("__struct__", 0)
        || !module.behaviours.is_empty()
        || module.imports.iter().any(starts)
}
