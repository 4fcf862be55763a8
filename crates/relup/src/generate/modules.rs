//! The replacement of code: one instruction for each module that differs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use beam::Term;

use super::order::{self, Order, Replaced};
use super::role::{self, has_code_change};
use super::{Generated, Pair, Role, Why};
use crate::instruction::{Change, ModuleType, Purge, Purges, Timeout, Update};
use crate::{Application, Direction, High, Low, Module, Release};

const SOFT: Purges = Purges {
    pre: Purge::Soft,
    post: Purge::Soft,
};

/// Adds the instructions for modules to the parts of a direction.
pub(super) fn generate(pair: &Pair<'_>, generated: &mut Generated) {
    let direction = pair.direction;
    callbacks(pair, generated);
    let replaced = replaced(pair);
    let order = order::order(&replaced, direction);
    for window in &order.windows {
        let caller = &replaced[&window.caller];
        let why = Why::CallWindow {
            callee: window.callee.clone(),
            function: window.function.clone(),
        };
        let refused = pair.refuse(caller.application, Some(&window.caller), why);
        generated.refused.push(refused);
    }
    let depends = depends(&order, direction);
    for name in &order.modules {
        let module = &replaced[name];
        let depends = depends.get(name).into_iter().flatten().cloned().collect();
        if let (Some(from), Some(to)) = (module.from, module.to) {
            let (was, is) = (role::role(from), role::role(to));
            if was != Role::Plain && was != is {
                let why = Why::RoleChanged { from: was, to: is };
                let refused = pair.refuse(module.application, Some(name), why);
                generated.refused.push(refused);
            }
        }
        if let Some(parts) = generated.applications.get_mut(module.application) {
            let instruction = instruction(name, module, direction, depends);
            parts.part_mut(direction).code.push(instruction);
        }
    }
    paths(pair, generated);
}

/// The modules of generated applications that differ, unless they are consolidated protocols: what lies
/// in their application's `ebin` is not what runs.
pub(super) fn replaced<'a>(pair: &Pair<'a>) -> BTreeMap<String, Replaced<'a>> {
    let (from, to) = (pair.from.release, pair.to.release);
    let is_consolidated =
        |name: &String| from.consolidated.contains_key(name) || to.consolidated.contains_key(name);
    let modules = |release: &'a Release| {
        let mut modules: BTreeMap<&'a String, (&'a str, &'a Arc<Module>)> = BTreeMap::new();
        for app in &release.applications {
            if pair.generated.contains(&app.name) {
                let named = app
                    .modules
                    .iter()
                    .map(|(name, m)| (name, (app.name.as_str(), m)));
                modules.extend(named);
            }
        }
        modules
    };
    let (before, after) = (modules(from), modules(to));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).copied().collect();
    let mut replaced = BTreeMap::new();
    for name in names {
        let (was, is) = (before.get(name), after.get(name));
        let same = was.zip(is).is_some_and(|(a, b)| a.1.md5 == b.1.md5);
        let Some((application, _)) = is.or(was) else {
            continue;
        };
        // A deleted protocol has nothing consolidated in the target to take its place.
        if same || (is_consolidated(name) && is.is_some()) {
            continue;
        }
        let module = Replaced {
            application,
            from: was.map(|(_, module)| *module),
            to: is.map(|(_, module)| *module),
        };
        replaced.insert(name.clone(), module);
    }
    replaced
}

/// What `systools_rc` has to be told for the modules to be loaded in this order: upwards it loads what a
/// module depends on before it, downwards after it.
fn depends(order: &Order, direction: Direction) -> BTreeMap<String, BTreeSet<String>> {
    if direction == Direction::Up {
        return order.before.clone();
    }
    let mut depends: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (then, firsts) in &order.before {
        for first in firsts {
            depends
                .entry(first.clone())
                .or_default()
                .insert(then.clone());
        }
    }
    depends
}

fn instruction(
    name: &str,
    module: &Replaced<'_>,
    direction: Direction,
    depends: Vec<String>,
) -> High {
    let name = name.to_owned();
    let (Some(from), Some(to)) = (module.from, module.to) else {
        return match module.to {
            Some(_) => High::AddModule {
                module: name,
                depends,
            },
            None => High::DeleteModule {
                module: name,
                depends,
            },
        };
    };
    let (module_type, change) = match role::role(from) {
        role if role != role::role(to) => (ModuleType::Dynamic, None),
        Role::Plain => (ModuleType::Dynamic, None),
        Role::Supervisor => (ModuleType::Static, Some(advanced())),
        Role::Process(behaviour) => {
            // It is the newer module's that is called, both ways.
            let newer = if direction == Direction::Up { to } else { from };
            let change = if has_code_change(newer, behaviour) {
                advanced()
            } else {
                Change::Soft
            };
            (ModuleType::Dynamic, Some(change))
        }
    };
    match change {
        None => High::LoadModule {
            module: name,
            purges: SOFT,
            depends,
        },
        Some(change) => High::Update(Update {
            module: name,
            module_type,
            timeout: Timeout::Default,
            change,
            purges: SOFT,
            depends,
        }),
    }
}

fn advanced() -> Change {
    Change::Advanced(Term::List(Vec::new()))
}

/// An update of a supervisor whose children changed though its own code did not.
pub(super) fn supervisor_update(module: &str) -> High {
    High::Update(Update {
        module: module.to_owned(),
        module_type: ModuleType::Static,
        timeout: Timeout::Default,
        change: advanced(),
        purges: SOFT,
        depends: Vec::new(),
    })
}

/// Reads a module of each application without a module to replace: the code path leads to the new
/// directory, with its `priv`, only for applications that the script reads something of.
fn paths(pair: &Pair<'_>, generated: &mut Generated) {
    for name in &pair.generated {
        let Some(target) = pair.to.release.application(name) else {
            continue;
        };
        let Some(parts) = generated.applications.get_mut(name) else {
            continue;
        };
        let part = parts.part_mut(pair.direction);
        let is_read = |instruction: &High| !matches!(instruction, High::DeleteModule { .. });
        if !part.code.iter().any(is_read) {
            let first = target.modules.keys().next().cloned();
            let read = Low::LoadObjectCode {
                application: name.clone(),
                vsn: target.vsn.clone(),
                modules: first.into_iter().collect(),
            };
            part.code.insert(0, High::Low(read));
        }
    }
}

fn callbacks(pair: &Pair<'_>, generated: &mut Generated) {
    for name in &pair.generated {
        let (from, to) = (
            pair.from.release.application(name),
            pair.to.release.application(name),
        );
        let (Some(from), Some(to)) = (from, to) else {
            continue;
        };
        let callback = |app: &Application| app.resource.start.clone().map(|(module, _)| module);
        if callback(from) != callback(to) {
            let (from, to) = (callback(from), callback(to));
            let refused = pair.refuse(name, None, Why::CallbackChanged { from, to });
            generated.refused.push(refused);
        }
        if from.resource.included_applications != to.resource.included_applications {
            generated
                .refused
                .push(pair.refuse(name, None, Why::IncludedChanged));
        }
    }
}
