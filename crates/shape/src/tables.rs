//! What modules write to tables that outlive a change of code: `ets`, `dets`, `mnesia`, persistent terms
//! and process dictionaries.

use std::collections::BTreeSet;

use crate::Code;
use crate::ast::{Callee, Expr, Function};
use crate::print::{text, unnamed};
use crate::walk;

/// Functions that write, with the argument that is written, from the first.
const WRITES: [(&str, &str, usize); 12] = [
    ("ets", "insert", 1),
    ("ets", "insert_new", 1),
    ("ets", "update_element", 2),
    ("dets", "insert", 1),
    ("dets", "insert_new", 1),
    ("mnesia", "write", 0),
    ("mnesia", "dirty_write", 0),
    ("mnesia", "write", 1),
    ("mnesia", "dirty_write", 1),
    ("persistent_term", "put", 1),
    ("erlang", "put", 1),
    ("Elixir.Process", "put", 1),
];

/// Writes that only one of two versions does, as text; and those whose value is only known at run time, in
/// functions that differ. None where what is written has the same shape, as far as it is seen.
pub fn differences(old: &Code, new: &Code) -> Vec<String> {
    let mut found = BTreeSet::new();
    let (before, after) = (all(old), all(new));
    for (write, side) in before
        .iter()
        .map(|w| (w, &after))
        .chain(after.iter().map(|w| (w, &before)))
    {
        if !side.contains(write) {
            found.insert(write.clone());
        }
    }
    for (name, function) in &old.functions {
        if new
            .functions
            .get(name)
            .is_some_and(|other| other != function)
        {
            let mut computed = BTreeSet::new();
            writes(function, &mut computed, |value| {
                matches!(value, Expr::Var(_) | Expr::Call(_))
            });
            found.extend(computed);
        }
    }
    found.into_iter().collect()
}

fn all(code: &Code) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for function in code.functions.values() {
        writes(function, &mut found, |_| true);
    }
    found
}

fn writes(function: &Function, found: &mut BTreeSet<String>, counts: impl Fn(&Expr) -> bool) {
    walk::function(function, &mut |expr| {
        let Expr::Call(call) = expr else { return };
        let Callee::Remote(module, name) = &call.callee else {
            return;
        };
        let mut written = WRITES
            .iter()
            .filter(|(m, n, _)| (*m, *n) == (&**module, &**name));
        let value = written.find_map(|(_, _, at)| call.arguments.get(*at));
        if value.is_some_and(&counts) {
            let arguments: Vec<String> = call.arguments.iter().map(|a| unnamed(&text(a))).collect();
            found.insert(format!("{module}:{name}({})", arguments.join(",")));
        }
    });
}
