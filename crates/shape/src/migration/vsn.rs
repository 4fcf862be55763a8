//! The version that `code_change` is told.

use beam::etf::Term;

use super::Way;
use crate::ast::Expr;
use crate::state::Version;
use crate::{Code, Language};

/// The first argument of `code_change`, as `release_handler` makes it of the attribute `vsn`.
#[derive(Debug)]
pub(super) struct Vsn {
    /// None: the digest of the code, which no clause names.
    value: Option<Term>,
    way: Way,
}

/// Whether a pattern takes a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Taken {
    No,
    Maybe,
    Yes,
}

impl Vsn {
    pub(super) fn of(from: Version<'_>, to: Version<'_>, way: Way) -> Self {
        let older = match way {
            Way::Up => from,
            Way::Down => to,
        };
        Self {
            value: attribute(older.code),
            way,
        }
    }

    /// Whether a pattern takes it.
    pub(super) fn taken_by(&self, pattern: &Expr) -> Taken {
        match (pattern, self.way) {
            (Expr::Wildcard | Expr::Var(_), _) => Taken::Yes,
            (Expr::Match(one, other), _) => self.taken_by(one).min(self.taken_by(other)),
            (Expr::Tuple(pair), Way::Down) => match pair.as_slice() {
                [tag, vsn] if tag.is("down") => self.value_taken_by(vsn),
                _ => Taken::No,
            },
            (_, Way::Down) => Taken::No,
            (pattern, Way::Up) => self.value_taken_by(pattern),
        }
    }

    fn value_taken_by(&self, pattern: &Expr) -> Taken {
        match (pattern, &self.value) {
            (Expr::Wildcard | Expr::Var(_), _) => Taken::Yes,
            (Expr::Number(Term::Big(_)), None) => Taken::Maybe,
            (_, None) => Taken::No,
            (pattern, Some(value)) => match equals(pattern, value) {
                Some(true) => Taken::Yes,
                Some(false) => Taken::No,
                None => Taken::Maybe,
            },
        }
    }
}

/// The attribute is a list, of which a single element is taken out: `-vsn("1.0")` is a list already.
fn attribute(code: &Code) -> Option<Term> {
    match (code.vsn.as_ref()?, code.language) {
        (Term::List(elements), Language::Erlang) if elements.len() == 1 => {
            elements.first().cloned()
        }
        (value, _) => Some(value.clone()),
    }
}

fn equals(pattern: &Expr, value: &Term) -> Option<bool> {
    match (pattern, value) {
        (Expr::Atom(name), value) => Some(value.is_atom(name)),
        (Expr::Number(number), value) => Some(number == value),
        (Expr::Binary(bytes), value) => Some(value.as_binary() == Some(bytes)),
        (Expr::List(patterns, None), Term::List(values)) => {
            if patterns.len() != values.len() {
                return Some(false);
            }
            let mut each = patterns.iter().zip(values).map(|(p, v)| equals(p, v));
            each.try_fold(true, |all, one| Some(all && one?))
        }
        (Expr::List(_, None), _) | (Expr::Tuple(_), Term::Binary(_) | Term::Int(_)) => Some(false),
        _ => None,
    }
}
