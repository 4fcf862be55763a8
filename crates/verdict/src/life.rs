//! What a process that goes on may meet: messages sent before the change, and a start that it never had.

use relup::generate::{Role, role};
use shape::{messages, starting};

use crate::case::{Case, Changed, shown, some};
use crate::judge::DIRECTIONS;
use crate::reason::{Kind, Place, Severity};

pub(crate) fn judge(case: &mut Case<'_>) {
    let changed: Vec<Changed<'_>> = case.changed.values().copied().collect();
    for module in changed {
        for direction in DIRECTIONS {
            let (from, to) = case.sides(direction);
            let name = &module.old.name;
            let (Some(before), Some(after)) = (from.code.code(name), to.code.code(name)) else {
                continue;
            };
            let place = Place::module(module.application, name);
            if let Role::Process(behaviour) = role(module.old) {
                let lost = messages::lost(before, after, behaviour);
                if !lost.is_empty() {
                    let detail = format!(
                        "a message that waits while {} changes may have no clause in the new code, \
                         and end the process: {}",
                        shown(name),
                        some(lost.iter().map(String::as_str))
                    );
                    let remedy = "keep the clause beside the new one for a release";
                    let kind = Kind::MessageUnhandled;
                    let way = Some(direction);
                    case.add(Severity::Doubt, kind, place.clone(), way, detail, remedy);
                }
            }
            let app = from.release.application(module.application);
            let callback = app.and_then(|app| app.resource.start.as_ref());
            let starts = matches!(role(module.old), Role::Process(_) | Role::Supervisor)
                || callback.is_some_and(|(callback, _)| callback == name);
            let differences = match starts {
                true => starting::differences(before, after),
                false => Vec::new(),
            };
            if !differences.is_empty() {
                let detail = format!(
                    "what {} does when it starts differs, and what runs has started already: {}",
                    shown(name),
                    some(differences.iter().map(String::as_str))
                );
                let remedy = "do it in code_change as well, or deploy by another strategy than hot";
                let kind = Kind::StartChanged;
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
}
