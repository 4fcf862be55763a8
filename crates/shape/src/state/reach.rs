//! Whether all code that touches a state is the same in two versions.

use std::collections::BTreeSet;

use super::start::starters;
use super::{Behaviour, Version};
use crate::Code;
use crate::ast::{Callee, Expr, Function, FunctionName, Name};
use crate::eval::is_standard;
use crate::walk;

/// The modules it depends on beyond those seen, where every function that is reached from the callbacks
/// is the same in both versions. Nothing where one is not.
pub(super) fn equal(
    old: Version<'_>,
    new: Version<'_>,
    behaviour: Behaviour,
) -> Option<BTreeSet<String>> {
    if old.code.records != new.code.records || old.code.module != new.code.module {
        return None;
    }
    let own = &old.code.module;
    let mut reached: BTreeSet<(Name, FunctionName)> = BTreeSet::new();
    let mut open: Vec<(Name, FunctionName)> = Vec::new();
    for code in [old.code, new.code] {
        open.extend(
            roots(code, behaviour)
                .into_iter()
                .map(|root| (own.clone(), root)),
        );
    }
    let mut depends = BTreeSet::new();
    while let Some((module, name)) = open.pop() {
        if !reached.insert((module.clone(), name.clone())) {
            continue;
        }
        let (ours, theirs) = (code_of(old, &module), code_of(new, &module));
        let (ours, theirs) = match (ours, theirs) {
            (Some(ours), Some(theirs)) => (ours, theirs),
            (None, None) => {
                depends.insert(module.to_string());
                continue;
            }
            _ => return None,
        };
        match (ours.functions.get(&name), theirs.functions.get(&name)) {
            (Some(one), Some(other)) if one.clauses == other.clauses => {
                follow(&module, one, &mut open);
                structs(old, new, one, &mut open);
            }
            (None, None) => {}
            _ => return None,
        }
    }
    Some(depends)
}

fn code_of<'a>(version: Version<'a>, module: &Name) -> Option<&'a Code> {
    match *module == version.code.module {
        true => Some(version.code),
        false => version.others.code(module),
    }
}

fn roots(code: &Code, behaviour: Behaviour) -> Vec<FunctionName> {
    let (starts, callbacks): (&[&str], &[(&str, usize)]) = match behaviour {
        Behaviour::GenServer => (
            &["GenServer", "gen_server", "proc_lib"],
            &[
                ("init", 1),
                ("handle_call", 3),
                ("handle_cast", 2),
                ("handle_info", 2),
                ("handle_continue", 2),
                ("terminate", 2),
            ],
        ),
        Behaviour::GenEvent => (
            &["gen_event"],
            &[
                ("init", 1),
                ("handle_event", 2),
                ("handle_call", 2),
                ("handle_info", 2),
                ("terminate", 2),
            ],
        ),
        // Which functions these call is in the data, or they are many.
        Behaviour::GenStatem | Behaviour::Agent | Behaviour::Special => {
            return code.functions.keys().cloned().collect();
        }
    };
    let mut roots = starters(&code.functions, starts);
    roots.extend(
        callbacks
            .iter()
            .map(|(name, arity)| (Name::from(*name), *arity)),
    );
    roots
}

/// The structs of modules that a function names: it may make one without calling that module by name.
fn structs(
    old: Version<'_>,
    new: Version<'_>,
    function: &Function,
    open: &mut Vec<(Name, FunctionName)>,
) {
    let name: FunctionName = ("__struct__".into(), 0);
    let defines = |version, module: &Name| {
        code_of(version, module).is_some_and(|code| code.functions.contains_key(&name))
    };
    walk::function(function, &mut |expr| {
        if let Expr::Atom(module) = expr
            && module.starts_with("Elixir.")
            && !is_standard(module)
            && (defines(old, module) || defines(new, module))
        {
            open.push((module.clone(), name.clone()));
        }
    });
}

/// The functions that a function names.
fn follow(module: &Name, function: &Function, open: &mut Vec<(Name, FunctionName)>) {
    let mut name = |module: &Name, name: &Name, arity: usize| {
        if !is_standard(module) {
            open.push((module.clone(), (name.clone(), arity)));
        }
    };
    walk::function(function, &mut |expr| match expr {
        Expr::Call(call) => match &call.callee {
            Callee::Local(local) => name(module, local, call.arguments.len()),
            Callee::Remote(other, remote) => name(other, remote, call.arguments.len()),
            Callee::Computed(..) | Callee::Value(_) => {}
        },
        Expr::LocalFun(local, arity) => name(module, local, *arity),
        Expr::RemoteFun(fun) => {
            if let (Expr::Atom(other), Expr::Atom(remote), Expr::Number(arity)) = &**fun {
                name(other, remote, arity.as_u64().unwrap_or(0) as usize);
            }
        }
        _ => {}
    });
}
