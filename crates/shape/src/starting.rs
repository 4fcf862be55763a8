//! What a process does when it starts, besides making its state: names, tables, subscriptions, timers.
//!
//! A process that goes on never does what its new code does at the start. So a difference there tells that
//! an upgraded node is not what a booted one is.

use std::collections::{BTreeMap, BTreeSet};

use crate::Code;
use crate::ast::{Callee, Expr, FunctionName};
use crate::print::{text, unnamed};
use crate::walk;

/// Modules whose functions only compute.
const PURE: [&str; 24] = [
    "maps",
    "lists",
    "sets",
    "ordsets",
    "orddict",
    "dict",
    "queue",
    "proplists",
    "string",
    "binary",
    "math",
    "gb_trees",
    "gb_sets",
    "Elixir.Map",
    "Elixir.MapSet",
    "Elixir.Enum",
    "Elixir.Keyword",
    "Elixir.List",
    "Elixir.String",
    "Elixir.Integer",
    "Elixir.Float",
    "Elixir.Tuple",
    "Elixir.Access",
    "Elixir.Stream",
];

/// Functions of `erlang` that do more.
const EFFECTS: [&str; 20] = [
    "!",
    "send",
    "send_after",
    "send_nosuspend",
    "start_timer",
    "register",
    "unregister",
    "put",
    "erase",
    "process_flag",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "spawn_opt",
    "monitor",
    "link",
    "unlink",
    "open_port",
    "group_leader",
    "apply",
];

/// What only one of two versions does when a process starts, as text; none where both do the same.
///
/// Looked at are the functions that start a process of the module or are run by it first, and those of
/// the module that they call.
pub fn differences(old: &Code, new: &Code) -> Vec<String> {
    let (before, after) = (deeds(old), deeds(new));
    let mut found = Vec::new();
    for (deed, count) in &before {
        if after.get(deed).copied().unwrap_or(0) < *count {
            found.push(format!("{deed} is gone"));
        }
    }
    for (deed, count) in &after {
        if before.get(deed).copied().unwrap_or(0) < *count {
            found.push(format!("{deed} is new"));
        }
    }
    let mode = ("callback_mode".into(), 0);
    if old.functions.get(&mode) != new.functions.get(&mode) {
        found.push("callback_mode/0 differs".to_owned());
    }
    found
}

fn deeds(code: &Code) -> BTreeMap<String, usize> {
    let mut deeds = BTreeMap::new();
    for function in reached(code) {
        let Some(function) = code.functions.get(&function) else {
            continue;
        };
        walk::function(function, &mut |expr| {
            if let Some(deed) = deed(expr) {
                *deeds.entry(deed).or_insert(0) += 1;
            }
        });
    }
    deeds
}

/// The functions run at the start, and those of the module that they call.
fn reached(code: &Code) -> BTreeSet<FunctionName> {
    let mut reached = BTreeSet::new();
    let mut continues = false;
    if let Some(init) = code.functions.get(&("init".into(), 1)) {
        walk::function(init, &mut |expr| continues |= expr.is("continue"));
    }
    let starts = |(name, arity): &&FunctionName| match &**name {
        "start" | "start_link" | "start_monitor" => true,
        "init" => *arity == 1,
        "handle_continue" => *arity == 2 && continues,
        _ => false,
    };
    let mut open: Vec<FunctionName> = code.functions.keys().filter(starts).cloned().collect();
    while let Some(name) = open.pop() {
        let Some(function) = code.functions.get(&name) else {
            continue;
        };
        if !reached.insert(name) {
            continue;
        }
        walk::function(function, &mut |expr| match expr {
            Expr::Call(call) => {
                let callee = match &call.callee {
                    Callee::Local(name) => Some(name),
                    Callee::Remote(module, name) if *module == code.module => Some(name),
                    _ => None,
                };
                open.extend(callee.map(|name| (name.clone(), call.arguments.len())));
            }
            Expr::LocalFun(name, arity) => open.push((name.clone(), *arity)),
            _ => {}
        });
    }
    reached
}

/// A call that does more than compute, as text without its variables.
fn deed(expr: &Expr) -> Option<String> {
    let Expr::Call(call) = expr else {
        return matches!(expr, Expr::Receive(..)).then(|| "receive".to_owned());
    };
    let callee = match &call.callee {
        Callee::Local(_) => return None,
        Callee::Remote(module, name) => {
            let is_effect = &**module == "erlang" && EFFECTS.contains(&&**name);
            let is_pure = PURE.contains(&&**module) || &**module == "erlang";
            if is_pure && !is_effect {
                return None;
            }
            // Children, and the name, are compared as such.
            if ["supervisor", "Elixir.Supervisor"].contains(&&**module) {
                return None;
            }
            format!("{module}:{name}")
        }
        Callee::Computed(..) => "a computed call".to_owned(),
        Callee::Value(_) => "a call of a fun".to_owned(),
    };
    let arguments: Vec<String> = call.arguments.iter().map(|a| unnamed(&text(a))).collect();
    Some(format!("{callee}({})", arguments.join(",")))
}
