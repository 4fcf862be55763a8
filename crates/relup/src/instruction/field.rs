//! The fields that instructions are made of, read and printed.

use beam::Term;

use super::{Problem, Purge, Purges, Timeout};

pub(super) fn atom(term: &Term, expected: &'static str) -> Result<String, Problem> {
    match term.as_atom() {
        Some(name) => Ok(name.to_owned()),
        None => Err(Problem::field(expected, term)),
    }
}

pub(super) fn module(term: &Term) -> Result<String, Problem> {
    atom(term, "module")
}

/// The elements of a proper list; a string is one of characters.
pub(super) fn list(term: &Term) -> Option<Vec<Term>> {
    match term {
        Term::List(elements) => Some(elements.clone()),
        Term::Str(text) => {
            let codes = text.chars().map(|c| Term::Int(i128::from(u32::from(c))));
            Some(codes.collect())
        }
        _ => None,
    }
}

pub(super) fn modules(term: &Term) -> Result<Vec<String>, Problem> {
    let elements = list(term).ok_or_else(|| Problem::field("list of modules", term))?;
    elements.iter().map(module).collect()
}

pub(super) fn arguments(term: &Term) -> Result<Vec<Term>, Problem> {
    list(term).ok_or_else(|| Problem::field("list of arguments", term))
}

pub(super) fn purges(pre: &Term, post: &Term) -> Result<Purges, Problem> {
    Ok(Purges {
        pre: purge(pre)?,
        post: purge(post)?,
    })
}

fn purge(term: &Term) -> Result<Purge, Problem> {
    match term.as_atom() {
        Some("soft_purge") => Ok(Purge::Soft),
        Some("brutal_purge") => Ok(Purge::Brutal),
        _ => Err(Problem::field("soft_purge or brutal_purge", term)),
    }
}

pub(super) fn timeout(term: &Term) -> Result<Timeout, Problem> {
    let error = || Problem::field("default, infinity or positive number of milliseconds", term);
    match term {
        Term::Atom(name) if name == "default" => Ok(Timeout::Default),
        Term::Atom(name) if name == "infinity" => Ok(Timeout::Infinity),
        Term::Int(value) if *value > 0 => u64::try_from(*value)
            .map(Timeout::Milliseconds)
            .map_err(|_| error()),
        _ => Err(error()),
    }
}

pub(super) fn of_atoms(names: &[String]) -> Term {
    Term::List(names.iter().map(Term::atom).collect())
}

pub(super) fn of_purge(purge: Purge) -> Term {
    Term::atom(match purge {
        Purge::Soft => "soft_purge",
        Purge::Brutal => "brutal_purge",
    })
}

pub(super) fn of_timeout(timeout: Timeout) -> Term {
    match timeout {
        Timeout::Default => Term::atom("default"),
        Timeout::Infinity => Term::atom("infinity"),
        Timeout::Milliseconds(value) => Term::Int(i128::from(value)),
    }
}

/// `{tag, field, …}`.
pub(super) fn tagged(tag: &str, fields: Vec<Term>) -> Term {
    let mut elements = vec![Term::atom(tag)];
    elements.extend(fields);
    Term::Tuple(elements)
}
