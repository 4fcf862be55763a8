//! Modules whose processes this one puts under a supervisor while it runs.

use std::collections::BTreeSet;

use super::{Within, target};
use crate::Code;
use crate::ast::{Expr, Name};
use crate::shape::module;

/// The modules that are given literally to `start_child` of a supervisor: as `Module`, `{Module,
/// argument}`, or in a specification whose start function or modules name them. Each is listed as its
/// child's module, unless its `child_spec/1` says otherwise.
pub fn started(code: &Code) -> Vec<String> {
    let mut names = BTreeSet::new();
    for function in code.functions.values() {
        let within = Within::new(code, function);
        for call in &within.calls {
            let starts = target(code, call).is_some_and(|(of, name)| {
                let of = module(of);
                name == "start_child"
                    && matches!(of, "Supervisor" | "DynamicSupervisor" | "supervisor")
            });
            if starts && let Some(spec) = call.arguments.get(1) {
                names.extend(of_spec(&within, within.resolved(spec)).map(|name| name.to_string()));
            }
        }
    }
    names.into_iter().collect()
}

fn of_spec<'c>(within: &Within<'c>, spec: &'c Expr) -> Option<&'c Name> {
    match spec {
        Expr::Atom(module) => Some(module),
        Expr::Tuple(parts) => match parts.as_slice() {
            [Expr::Atom(module), _] => Some(module),
            [_, start, _, _, _, _] => of_start(within, start),
            _ => None,
        },
        Expr::Map(fields) => {
            let (_, start) = fields.iter().find(|(key, _)| key.is("start"))?;
            of_start(within, start)
        }
        // `Supervisor.child_spec({Module, argument}, overrides)`
        Expr::Call(call) => match target(within.code, call)? {
            (of, "child_spec") if module(of) == "Supervisor" => {
                of_spec(within, within.resolved(call.arguments.first()?))
            }
            _ => None,
        },
        _ => None,
    }
}

fn of_start<'c>(within: &Within<'c>, start: &'c Expr) -> Option<&'c Name> {
    match within.resolved(start) {
        Expr::Tuple(parts) => parts.first()?.atom(),
        _ => None,
    }
}
