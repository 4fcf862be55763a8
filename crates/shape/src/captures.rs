//! Functions that a module names as data: `&Module.function/arity`, and module, function and arguments as
//! three arguments of a call. They may be held and called long after.

use std::collections::BTreeSet;

use crate::Code;
use crate::ast::Expr;
use crate::walk;

/// Every function of any module that is named so: module, name, arity.
pub fn of(code: &Code) -> BTreeSet<(String, String, u32)> {
    let mut found = BTreeSet::new();
    for function in code.functions.values() {
        walk::function(function, &mut |expr| match expr {
            Expr::RemoteFun(fun) => {
                if let (Some(module), Some(name), Expr::Number(arity)) =
                    (fun.0.atom(), fun.1.atom(), &fun.2)
                    && let Some(arity) = arity.as_int().and_then(|a| u32::try_from(a).ok())
                {
                    found.insert((module.to_string(), name.to_string(), arity));
                }
            }
            Expr::Call(call) => named(&call.arguments, &mut found),
            Expr::Tuple(elements) => named(elements, &mut found),
            _ => {}
        });
    }
    found
}

fn named(exprs: &[Expr], found: &mut BTreeSet<(String, String, u32)>) {
    for three in exprs.windows(3) {
        if let [
            Expr::Atom(module),
            Expr::Atom(name),
            Expr::List(arguments, None),
        ] = three
        {
            let arity = u32::try_from(arguments.len()).unwrap_or(u32::MAX);
            found.insert((module.to_string(), name.to_string(), arity));
        }
    }
}

/// Whether both versions have a function in the same form, or neither has it.
pub fn is_same(old: &Code, new: &Code, name: &str, arity: usize) -> bool {
    let key = (name.into(), arity);
    old.functions.get(&key) == new.functions.get(&key)
}
