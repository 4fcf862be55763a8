//! Structs that are not the state of their own module: whoever holds one holds the old shape.

use relup::diff::Names;
use relup::generate::{Role, role};

use crate::case::{Case, shown};
use crate::judge::DIRECTIONS;
use crate::reason::{Kind, Place, Severity};
use relup::Direction;

pub(crate) fn judge(case: &mut Case<'_>) {
    let modules = case.diff.applications.iter().flat_map(|app| {
        let modules = app.modules.iter();
        modules.filter_map(|m| Some((app.name.clone(), m.name.clone(), m.structure.clone()?)))
    });
    let found: Vec<(String, String, Names)> = modules.collect();
    for (application, name, fields) in found {
        let Some(module) = case.changed.get(name.as_str()).copied() else {
            continue;
        };
        let is_own_state = matches!(role(module.old), Role::Process(_))
            && matches!(role(module.new), Role::Process(_));
        // An exception lives as long as its handling.
        let is_exception = module.new.exports("exception", 1) && module.old.exports("exception", 1);
        if is_own_state || is_exception {
            continue;
        }
        for direction in DIRECTIONS {
            let (gained, lost) = match direction {
                Direction::Up => (&fields.added, &fields.removed),
                Direction::Down => (&fields.removed, &fields.added),
            };
            let mut what = Vec::new();
            if !gained.is_empty() {
                what.push(format!("has no {}", gained.join(", ")));
            }
            if !lost.is_empty() {
                what.push(format!("still has {}", lost.join(", ")));
            }
            let detail = format!(
                "a %{}{{}} made before the upgrade {}; states, tables and messages may hold one",
                shown(&name),
                what.join(" and ")
            );
            let remedy = "convert held structs in the code_change of the processes that hold them \
                          and read new fields by Map.get, or deploy by another strategy than hot";
            let place = Place::module(&application, &name);
            let kind = Kind::StateShapeChanged;
            case.add(
                Severity::Doubt,
                kind,
                place,
                Some(direction),
                detail,
                remedy,
            );
        }
    }
}
