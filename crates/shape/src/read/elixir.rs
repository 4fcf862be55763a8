//! The debug information of Elixir: definitions as quoted clauses, macros expanded.

use beam::etf::Term;

use super::elixir_forms::Quoted;
use super::unknown;
use crate::ast::{Clause, Function, FunctionName};
use crate::{Code, CodeError, Language};

pub(super) fn module(facts: &Term) -> Result<Code, CodeError> {
    let module = facts.get("module").and_then(Term::as_atom);
    let definitions = facts.get("definitions").and_then(Term::as_list);
    let (Some(module), Some(definitions)) = (module, definitions) else {
        return Err(unknown("no module and definitions"));
    };
    let functions = definitions
        .iter()
        .map(function)
        .collect::<Result<Vec<_>, _>>()?;
    let attributes = facts.get("attributes").and_then(Term::as_list);
    let attributes = || {
        let all = attributes.unwrap_or_default().iter();
        all.filter_map(|pair| match pair.as_tuple() {
            Some([name, value]) => Some((name.as_atom()?, value)),
            _ => None,
        })
    };
    let behaviours = attributes().filter(|(name, _)| *name == "behaviour");
    Ok(Code {
        module: module.into(),
        language: Language::Elixir,
        functions: functions.into_iter().flatten().collect(),
        records: Default::default(),
        behaviours: behaviours
            .filter_map(|(_, value)| Some(value.as_atom()?.into()))
            .collect(),
        vsn: attributes()
            .find(|(name, _)| *name == "vsn")
            .map(|(_, value)| value.clone()),
    })
}

/// Nothing for a macro: it is not there at run time.
fn function(definition: &Term) -> Result<Option<(FunctionName, Function)>, CodeError> {
    let broken = || unknown("a definition that is not known");
    let Some([head, kind, meta, clauses]) = definition.as_tuple() else {
        return Err(broken());
    };
    let Some([name, arity]) = head.as_tuple() else {
        return Err(broken());
    };
    let (Some(name), Some(arity)) = (name.as_atom(), arity.as_u64()) else {
        return Err(broken());
    };
    let exported = match kind.as_atom() {
        Some("def") => true,
        Some("defp") => false,
        Some("defmacro" | "defmacrop") => return Ok(None),
        _ => return Err(broken()),
    };
    let clauses = clauses.as_list().ok_or_else(broken)?;
    let clauses = clauses.iter().map(clause).collect::<Option<_>>();
    let function = Function {
        exported,
        // Code that a macro quoted has the macro's module as its context.
        injected: meta.get("context").is_some(),
        clauses: clauses.ok_or_else(broken)?,
    };
    Ok(Some(((name.into(), arity as usize), function)))
}

fn clause(clause: &Term) -> Option<Clause> {
    let [_, patterns, guards, body] = clause.as_tuple()? else {
        return None;
    };
    let mut quoted = Quoted::default();
    let patterns = patterns.as_list()?;
    let patterns = patterns.iter().map(|p| quoted.expr(p)).collect();
    let guards = guards.as_list()?.iter().map(|g| quoted.expr(g)).collect();
    Some(Clause {
        patterns,
        guards,
        body: quoted.expr(body),
    })
}
