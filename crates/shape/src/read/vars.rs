//! Numbers for variables.

use std::collections::HashMap;

use crate::ast::Var;

/// The variables of one clause of a function, numbered as they are met.
///
/// Elixir tells apart variables of the same name by a version; Erlang's have none.
#[derive(Debug, Default)]
pub(super) struct Vars<'a> {
    numbers: HashMap<(&'a str, i64), Var>,
}

impl<'a> Vars<'a> {
    pub(super) fn number(&mut self, name: &'a str, version: i64) -> Var {
        let next = Var::try_from(self.numbers.len()).unwrap_or(Var::MAX);
        *self.numbers.entry((name, version)).or_insert(next)
    }
}
