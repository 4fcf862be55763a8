//! What a process that goes on may meet: messages sent before the change, a start that it never had, what
//! older code left in tables and handed out by name.

use relup::Direction;
use relup::generate::{Role, role};
use shape::{captures, messages, starting, tables};

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
            traces(case, &module, direction);
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

fn traces(case: &mut Case<'_>, module: &Changed<'_>, direction: Direction) {
    let (from, to) = case.sides(direction);
    let name = &module.old.name;
    let (Some(before), Some(after)) = (from.code.code(name), to.code.code(name)) else {
        return;
    };
    let place = Place::module(module.application, name);
    let way = Some(direction);
    let written = tables::differences(before, after);
    if !written.is_empty() {
        let detail = format!(
            "what {} writes to tables may have another shape, and what older code wrote stays: {}",
            shown(name),
            some(written.iter().map(String::as_str))
        );
        let remedy = "keep the shape of what is written, or read both shapes for a release";
        let (kind, place) = (Kind::StateShapeChanged, place.clone());
        case.add(Severity::Doubt, kind, place, way, detail, remedy);
    }
    let gone: Vec<String> = captures::of(before)
        .into_iter()
        .filter(|(callee, function, arity)| {
            let has = |side: relup::generate::Side<'_>| {
                let found = side.release.module(callee);
                found.map(|(_, module)| module.exports(function, *arity))
            };
            has(from) == Some(true) && has(to) != Some(true)
        })
        .map(|(callee, function, arity)| format!("{}.{function}/{arity}", shown(&callee)))
        .collect();
    if !gone.is_empty() {
        let detail = format!(
            "{} hands out functions by name that the new code does not have: {}",
            shown(name),
            some(gone.iter().map(String::as_str))
        );
        let remedy = "keep the function for a release";
        let (kind, place) = (Kind::ClosureHeld, place.clone());
        case.add(Severity::Doubt, kind, place, way, detail, remedy);
    }
    let is_plug = module.old.behaviours.iter().any(|b| b == "Elixir.Plug");
    if is_plug && !captures::is_same(before, after, "init", 1) {
        let detail = format!(
            "init/1 of {} differs, and servers and routers hold what the older one returned",
            shown(name)
        );
        let remedy = "keep what init/1 returns, and let call/2 take both for a release";
        case.add(
            Severity::Doubt,
            Kind::StateShapeChanged,
            place,
            way,
            detail,
            remedy,
        );
    }
}
