//! Functions that a list of children still calls: whether they are the same in both versions.

use std::collections::BTreeSet;

use crate::ast::{Callee, Expr, FunctionName};
use crate::eval::is_standard;
use crate::state::Version;
use crate::{Code, walk};

type Called = BTreeSet<(String, FunctionName)>;

/// The first function that is not the same in both, itself or what it calls.
pub(super) fn differs(
    old: Version<'_>,
    new: Version<'_>,
    ours: &Called,
    theirs: &Called,
) -> Option<(String, String)> {
    let mut open: Vec<(String, FunctionName)> = ours.intersection(theirs).cloned().collect();
    let mut seen = Called::new();
    while let Some((module, name)) = open.pop() {
        if is_standard(&module) || !seen.insert((module.clone(), name.clone())) {
            continue;
        }
        let (one, other) = (code(old, &module), code(new, &module));
        let one = one.and_then(|code| code.functions.get(&name));
        let other = other.and_then(|code| code.functions.get(&name));
        match (one, other) {
            (Some(one), Some(other)) if one.clauses == other.clauses => {
                walk::function(one, &mut |expr| {
                    if let Expr::Call(call) = expr {
                        let arity = call.arguments.len();
                        match &call.callee {
                            Callee::Local(name) => {
                                open.push((module.clone(), (name.clone(), arity)))
                            }
                            Callee::Remote(module, name) => {
                                open.push((module.to_string(), (name.clone(), arity)));
                            }
                            Callee::Computed(..) | Callee::Value(_) => {}
                        }
                    }
                });
            }
            (None, None) => {}
            _ => return Some((module, format!("{}/{}", name.0, name.1))),
        }
    }
    None
}

fn code<'a>(version: Version<'a>, module: &str) -> Option<&'a Code> {
    match module == version.code.module() {
        true => Some(version.code),
        false => version.others.code(module),
    }
}
