//! Whether processes fit the code they wake up on.

use std::collections::BTreeMap;

use relup::generate::{Composed, Role, role};
use relup::instruction::Change;
use relup::model::Module;
use relup::{Direction, High};
use shape::migration::{self, Migration, Way};
use shape::state::{self, StateChange};
use shape::{Behaviour, Version};

use crate::case::{Case, applications, shown, some};
use crate::coverage;
use crate::judge::DIRECTIONS;
use crate::reason::{Kind, Place, Severity};

/// What becomes of the states of a module's processes, by direction.
pub(crate) type States = BTreeMap<(Direction, String), Fit>;

/// What becomes of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It fits as it is.
    Same,
    /// It fits once `code_change` has converted it.
    Converted,
    /// It does not.
    Unfit,
    /// Nobody can tell.
    Unseen,
}

pub(crate) fn judge(case: &mut Case<'_>, composed: &Composed) -> States {
    let mut states = States::new();
    for direction in DIRECTIONS {
        let (from, to) = case.sides(direction);
        for app in applications(from.release) {
            let script = coverage::script(case, composed, &app.name, direction);
            for (name, module) in &app.modules {
                let Some((_, target)) = to.release.module(name) else {
                    continue;
                };
                let Role::Process(behaviour) = role(module) else {
                    continue;
                };
                if role(target) != Role::Process(behaviour) {
                    continue;
                }
                let is_changed = module.md5 != target.md5;
                if !is_changed && !case.is_touched(name) {
                    continue;
                }
                let found = fit(case, (module, target), behaviour, direction, &script);
                let place = Place::module(&app.name, name);
                states.insert((direction, name.clone()), found.fit);
                if let Some((severity, kind, detail, remedy)) = found.reason {
                    let detail = format!("{}: {detail}", shown(name));
                    case.add(severity, kind, place, Some(direction), detail, remedy);
                }
            }
        }
    }
    states
}

struct Found {
    fit: Fit,
    reason: Option<(Severity, Kind, String, &'static str)>,
}

impl Found {
    fn new(fit: Fit) -> Self {
        Self { fit, reason: None }
    }

    fn because(
        fit: Fit,
        severity: Severity,
        kind: Kind,
        detail: String,
        remedy: &'static str,
    ) -> Self {
        Self {
            fit,
            reason: Some((severity, kind, detail, remedy)),
        }
    }
}

const CONVERT: &str = "write a code_change that brings every older state to the newer shape, and with \
                       {:down, vsn} back, or keep the shape";
const SHOW: &str = "make the state's shape plain where it is made, or deploy by another strategy than \
                    hot";

fn fit(
    case: &Case<'_>,
    (module, target): (&Module, &Module),
    behaviour: Behaviour,
    direction: Direction,
    script: &[High],
) -> Found {
    let (from, to) = case.sides(direction);
    let name = &module.name;
    let (Some(old), Some(new)) = (from.code.code(name), to.code.code(name)) else {
        if module.md5 == target.md5 {
            let detail = "what it keeps may be made by modules that differ, and its debug \
                          information is not there"
                .to_owned();
            return Found::because(Fit::Unseen, Severity::Doubt, Kind::Unseen, detail, SHOW);
        }
        // Said of all such modules at once.
        return Found::new(Fit::Unseen);
    };
    let old = Version {
        code: old,
        others: from.code,
    };
    let new = Version {
        code: new,
        others: to.code,
    };
    let compared = state::compare(old, new, behaviour);
    let way = match direction {
        Direction::Up => Way::Up,
        Direction::Down => Way::Down,
    };
    let calls = update(script, name).is_some_and(|change| matches!(change, Change::Advanced(_)));
    let converted = calls.then(|| migration::handles(old, new, behaviour, way));
    match (compared, converted) {
        (StateChange::Same { depends }, None | Some(Migration::Handled)) => {
            let differ: Vec<&str> = depends
                .iter()
                .filter(|name| case.is_touched(name))
                .map(|name| shown(name))
                .collect();
            if differ.is_empty() {
                return Found::new(Fit::Same);
            }
            let detail = format!(
                "a part of its state is made by modules that differ, or call such: {}",
                some(differ)
            );
            Found::because(
                Fit::Unseen,
                Severity::Doubt,
                Kind::StateShapeChanged,
                detail,
                SHOW,
            )
        }
        (StateChange::Changed { what }, Some(Migration::Handled)) => {
            let detail =
                format!("its state has another shape: {what}; its code_change converts it");
            let remedy = "done by code_change, while its processes are suspended";
            Found::because(
                Fit::Converted,
                Severity::Note,
                Kind::StateShapeChanged,
                detail,
                remedy,
            )
        }
        (StateChange::Changed { what }, None) => {
            let detail = format!("its state has another shape: {what}; no code_change is called");
            Found::because(
                Fit::Unfit,
                Severity::Refusal,
                Kind::StateShapeChanged,
                detail,
                CONVERT,
            )
        }
        (StateChange::Changed { what }, Some(Migration::NotHandled { why })) => {
            let detail = format!(
                "its state has another shape: {what}; its code_change does not convert it: {why}"
            );
            Found::because(
                Fit::Unfit,
                Severity::Refusal,
                Kind::StateShapeChanged,
                detail,
                CONVERT,
            )
        }
        (StateChange::Changed { what }, Some(Migration::Unseen { why })) => {
            let detail = format!(
                "its state has another shape: {what}; whether its code_change converts it is not \
                 seen: {why}"
            );
            Found::because(
                Fit::Unseen,
                Severity::Doubt,
                Kind::StateShapeChanged,
                detail,
                CONVERT,
            )
        }
        (StateChange::Same { .. }, Some(Migration::NotHandled { why })) => {
            let detail =
                format!("its state has the same shape, and its code_change breaks it: {why}");
            let remedy = "let code_change return a state of that shape as it is";
            Found::because(
                Fit::Unfit,
                Severity::Refusal,
                Kind::StateShapeChanged,
                detail,
                remedy,
            )
        }
        (StateChange::Same { .. }, Some(Migration::Unseen { why })) => {
            let detail = format!("what its code_change makes of its state is not seen: {why}");
            Found::because(
                Fit::Unseen,
                Severity::Doubt,
                Kind::StateShapeChanged,
                detail,
                SHOW,
            )
        }
        (StateChange::Unseen { why }, _) => {
            let detail = format!("whether its state has the same shape is not seen: {why}");
            Found::because(
                Fit::Unseen,
                Severity::Doubt,
                Kind::StateShapeChanged,
                detail,
                SHOW,
            )
        }
    }
}

fn update<'a>(script: &'a [High], module: &str) -> Option<&'a Change> {
    script.iter().find_map(|instruction| match instruction {
        High::Update(update) if update.module == module => Some(&update.change),
        _ => None,
    })
}
