//! From debug information to [`Code`].
//!
//! The terms are bounded in number and nesting by the limits of the decoder, and nothing here is larger
//! or nested deeper than the term it was made of. A form that is not known becomes
//! [`Expr::Unknown`](crate::ast::Expr::Unknown) and is doubted later, where it matters.

mod elixir;
mod elixir_forms;
mod erlang;
mod erlang_records;
mod vars;

use beam::etf::Term;

use crate::ast::Expr;
use crate::{Code, CodeError};

fn unknown(what: impl Into<String>) -> CodeError {
    CodeError::Unknown { what: what.into() }
}

pub(crate) fn module(term: &Term) -> Result<Code, CodeError> {
    let Some([version, backend, data]) = term.as_tuple() else {
        return Err(unknown("not a triple"));
    };
    if !version.is_atom("debug_info_v1") {
        return Err(unknown("its version is not debug_info_v1"));
    }
    if data.is_atom("none") {
        return Err(CodeError::Missing);
    }
    match (backend.as_atom(), data.as_tuple()) {
        (Some("erl_abstract_code"), Some([forms, _])) => match forms.as_list() {
            Some(forms) => erlang::module(forms),
            None => Err(CodeError::Missing),
        },
        (Some("elixir_erl"), Some([version, facts, _])) if version.is_atom("elixir_v1") => {
            elixir::module(facts)
        }
        (Some(name @ ("erl_abstract_code" | "elixir_erl")), _) => {
            Err(unknown(format!("contents of {name} that are not known")))
        }
        (name, _) => Err(unknown(format!("made by {:.60}", name.unwrap_or("nobody")))),
    }
}

/// A term that stands in code as it is.
fn literal(term: &Term) -> Expr {
    match term {
        Term::Atom(name) => Expr::Atom(name.as_str().into()),
        Term::Int(_) | Term::Big(_) | Term::Float(_) => Expr::Number(term.clone()),
        Term::Binary(bytes) => Expr::Binary(bytes.clone()),
        Term::Tuple(elements) => Expr::Tuple(elements.iter().map(literal).collect()),
        Term::List(elements) => Expr::List(elements.iter().map(literal).collect(), None),
        Term::Improper(elements, tail) => Expr::List(
            elements.iter().map(literal).collect(),
            Some(Box::new(literal(tail))),
        ),
        Term::Map(pairs) => Expr::Map(
            pairs
                .iter()
                .map(|(key, value)| (literal(key), literal(value)))
                .collect(),
        ),
        Term::Export {
            module,
            name,
            arity,
        } => Expr::RemoteFun(Box::new((
            Expr::Atom(module.as_str().into()),
            Expr::Atom(name.as_str().into()),
            Expr::Number(Term::Int(i64::from(*arity))),
        ))),
        Term::Fun(_) => Expr::Unknown("a fun".into()),
        Term::Bits(_) => Expr::Unknown("a bitstring".into()),
        Term::Pid(_) | Term::Port(_) | Term::Reference(_) => Expr::Unknown("an identity".into()),
    }
}
