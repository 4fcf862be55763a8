//! Whether a new version takes every message that the old one took.
//!
//! A process is suspended while its code changes, and what was sent to it before waits in its mailbox: by
//! callers on the old code, or by the process itself, as a timer. If no clause of the new code takes it,
//! the process ends and its state with it.

use std::collections::BTreeMap;

use crate::Code;
use crate::ast::{Clause, Expr, Function, Var};
use crate::print::text;
use crate::state::Behaviour;
use crate::walk;

/// Messages that the old version takes and the new one may not, as text: `handle_call {add,V0}`.
///
/// A clause counts as taken over where one clause of the new version matches all that it did. Two clauses
/// that do so together are not looked for.
pub fn lost(old: &Code, new: &Code, behaviour: Behaviour) -> Vec<String> {
    let mut lost = Vec::new();
    for ((name, arity), function) in &old.functions {
        let Some(at) = message(behaviour, name, *arity, function) else {
            continue;
        };
        let fellow = new.functions.get(&(name.clone(), *arity));
        // What a behaviour does with a message that a module does not take: it logs it.
        let is_logged = &**name == "handle_info" && fellow.is_none_or(|f| f.injected);
        if function.injected || is_logged || Some(function) == fellow {
            continue;
        }
        for clause in &function.clauses {
            let mut clauses = fellow.iter().flat_map(|fellow| &fellow.clauses);
            if !clauses.any(|other| takes_over(other, clause, at)) {
                let pattern = clause.patterns.get(at).map(text).unwrap_or_default();
                lost.push(format!("{name} {pattern}"));
            }
        }
    }
    lost
}

/// Which argument of a callback is the message; none where it is no such callback.
fn message(behaviour: Behaviour, name: &str, arity: usize, function: &Function) -> Option<usize> {
    match (behaviour, name, arity) {
        (Behaviour::GenServer, "handle_call", 3)
        | (Behaviour::GenServer, "handle_cast" | "handle_info", 2)
        | (Behaviour::GenEvent, "handle_event" | "handle_call" | "handle_info", 2) => Some(0),
        (Behaviour::GenStatem, "handle_event", 4) => Some(1),
        // A function for each state: event type, event, data.
        (Behaviour::GenStatem, "terminate" | "start_link" | "start", 3) => None,
        (Behaviour::GenStatem, _, 3) if function.exported => Some(1),
        // Whatever a loop of its own receives.
        (Behaviour::Special, _, _) if receives(function) => Some(usize::MAX),
        _ => None,
    }
}

fn receives(function: &Function) -> bool {
    let mut found = false;
    walk::function(function, &mut |expr| {
        found |= matches!(expr, Expr::Receive(..))
    });
    found
}

/// Whether a clause matches whenever another does. The state is looked at elsewhere: of it only values
/// that the one demands and the other does not count.
fn takes_over(clause: &Clause, other: &Clause, message: usize) -> bool {
    let heads = clause.patterns == other.patterns;
    if heads && clause.guards == other.guards {
        return message != usize::MAX || clause.body == other.body;
    }
    if !clause.guards.is_empty() || message == usize::MAX {
        return false;
    }
    let mut counts = BTreeMap::new();
    for pattern in &clause.patterns {
        walk::expr(pattern, &mut |expr| {
            if let Expr::Var(var) = expr {
                *counts.entry(*var).or_insert(0_usize) += 1;
            }
        });
    }
    let last = clause.patterns.len().saturating_sub(1);
    let pairs = clause.patterns.iter().zip(&other.patterns);
    pairs.enumerate().all(|(at, (one, two))| {
        covers(one, two, &counts) || (at == last && at != message && is_open(one, &counts))
    })
}

/// Whether a pattern matches all that another does. A variable that stands twice demands equality.
fn covers(one: &Expr, other: &Expr, counts: &BTreeMap<Var, usize>) -> bool {
    match (one, other) {
        (Expr::Wildcard, _) => true,
        (Expr::Var(var), _) => counts.get(var) == Some(&1) || one == other,
        (Expr::Match(left, right), _) => {
            covers(left, other, counts) && covers(right, other, counts)
        }
        (_, Expr::Match(left, right)) => covers(one, left, counts) || covers(one, right, counts),
        (Expr::Tuple(ones), Expr::Tuple(others))
        | (Expr::List(ones, None), Expr::List(others, None)) => {
            let mut pairs = ones.iter().zip(others);
            ones.len() == others.len() && pairs.all(|(one, other)| covers(one, other, counts))
        }
        (Expr::Map(ones), Expr::Map(others)) => fields(ones, others, counts),
        (Expr::Struct(module, ones), Expr::Struct(fellow, others)) => {
            module == fellow && fields(ones, others, counts)
        }
        _ => one == other && !binds(one),
    }
}

fn fields(ones: &[(Expr, Expr)], others: &[(Expr, Expr)], counts: &BTreeMap<Var, usize>) -> bool {
    ones.iter().all(|(key, one)| {
        let mut others = others.iter();
        others.any(|(other_key, other)| key == other_key && covers(one, other, counts))
    })
}

fn binds(pattern: &Expr) -> bool {
    let mut found = false;
    walk::expr(pattern, &mut |expr| found |= matches!(expr, Expr::Var(_)));
    found
}

/// Whether a pattern of a state asks for its shape only, not for values.
fn is_open(pattern: &Expr, counts: &BTreeMap<Var, usize>) -> bool {
    match pattern {
        Expr::Wildcard => true,
        Expr::Var(var) => counts.get(var) == Some(&1),
        Expr::Match(left, right) => is_open(left, counts) && is_open(right, counts),
        Expr::Tuple(elements) => {
            let tagged = matches!(elements.first(), Some(Expr::Atom(_)));
            elements
                .iter()
                .skip(usize::from(tagged))
                .all(|e| is_open(e, counts))
        }
        Expr::Map(fields) | Expr::Struct(_, fields) => {
            fields.iter().all(|(_, v)| is_open(v, counts))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clause(patterns: Vec<Expr>) -> Clause {
        Clause {
            patterns,
            guards: Vec::new(),
            body: Expr::Wildcard,
        }
    }

    fn takes(new: Vec<Expr>, old: Vec<Expr>) -> bool {
        takes_over(&clause(new), &clause(old), 0)
    }

    fn atom(name: &str) -> Expr {
        Expr::Atom(name.into())
    }

    fn tuple(elements: Vec<Expr>) -> Expr {
        Expr::Tuple(elements)
    }

    #[test]
    fn a_clause_takes_over_what_it_matches_in_any_case() {
        let add = |with| tuple(vec![atom("add"), with]);
        assert!(takes(vec![Expr::Var(0)], vec![atom("bump")]));
        assert!(takes(vec![add(Expr::Var(0))], vec![add(Expr::Var(3))]));
        assert!(takes(vec![add(Expr::Var(0))], vec![add(atom("one"))]));
        assert!(!takes(vec![add(atom("one"))], vec![add(Expr::Var(0))]));
        assert!(!takes(vec![atom("inc")], vec![atom("bump")]));
        // The same variable twice asks for equal values.
        let twice = tuple(vec![Expr::Var(0), Expr::Var(0)]);
        let two = tuple(vec![Expr::Var(0), Expr::Var(1)]);
        assert!(!takes(vec![twice.clone()], vec![two.clone()]));
        assert!(takes(vec![two], vec![twice.clone()]));
        assert!(takes(vec![twice.clone()], vec![twice]));
    }

    #[test]
    fn of_the_state_values_count_and_shape_does_not() {
        let state = |value| Expr::Map(vec![(atom("step"), value)]);
        let any = || vec![atom("bump"), Expr::Var(0)];
        assert!(takes(vec![atom("bump"), state(Expr::Var(0))], any()));
        assert!(!takes(vec![atom("bump"), state(atom("open"))], any()));
    }
}
