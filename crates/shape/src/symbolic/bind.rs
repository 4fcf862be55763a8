//! Patterns on expressions that are worked out.

use super::Env;
use crate::ast::Expr;
use crate::print;

/// Whether a pattern matches, and its variables; nothing where that is not known.
pub(super) fn bind(pattern: &Expr, value: &Expr, env: &mut Env) -> Option<bool> {
    match (pattern, value) {
        (Expr::Wildcard, _) => Some(true),
        (Expr::Var(var), value) => match env.get(var) {
            Some(known) if known == value => Some(true),
            Some(_) => None,
            None => {
                env.insert(*var, value.clone());
                Some(true)
            }
        },
        (Expr::Match(one, other), value) => {
            Some(bind(one, value, env)? && bind(other, value, env)?)
        }
        (Expr::Tuple(patterns), Expr::Tuple(values))
        | (Expr::List(patterns, None), Expr::List(values, None)) => {
            if patterns.len() != values.len() {
                return Some(false);
            }
            let mut pairs = patterns.iter().zip(values);
            pairs.try_fold(true, |all, (p, v)| Some(all && bind(p, v, env)?))
        }
        (Expr::List(patterns, Some(tail)), Expr::List(values, None)) => {
            if patterns.len() > values.len() {
                return Some(false);
            }
            let (heads, rest) = values.split_at(patterns.len());
            let mut pairs = patterns.iter().zip(heads);
            let all = pairs.try_fold(true, |all, (p, v)| Some(all && bind(p, v, env)?))?;
            Some(all && bind(tail, &Expr::List(rest.to_vec(), None), env)?)
        }
        (Expr::Map(patterns), Expr::Map(fields)) => {
            let mut all = true;
            for (key, pattern) in patterns {
                match fields.iter().find(|(known, _)| known == key) {
                    Some((_, value)) => all &= bind(pattern, value, env)?,
                    None => return Some(false),
                }
            }
            Some(all)
        }
        (pattern, value) => match (print::term(pattern), print::term(value)) {
            (Some(pattern), Some(value)) => Some(pattern == value),
            // Data of different kinds.
            (_, Some(_)) if constructs(pattern) => Some(false),
            _ => None,
        },
    }
}

fn constructs(pattern: &Expr) -> bool {
    matches!(
        pattern,
        Expr::Tuple(_) | Expr::List(..) | Expr::Map(_) | Expr::Struct(..)
    )
}

/// Binds the variables that could not be: to a part of the value that is named.
pub(super) fn rest(pattern: &Expr, value: &Expr, env: &mut Env) {
    crate::walk::expr(pattern, &mut |part| {
        if let Expr::Var(var) = part
            && !env.contains_key(var)
        {
            let named = format!("variable {var} of {}", print::text(value));
            env.insert(*var, Expr::Unknown(named.into()));
        }
    });
}
