//! Records of Erlang: tuples with a tag.

use std::collections::BTreeMap;

use beam::etf::Term;

use super::erlang::Forms;
use crate::ast::{Element, Expr, Name, SetElements};

/// The records that a module defines, with the default of each field.
#[derive(Debug, Default)]
pub(super) struct Records<'a> {
    fields: BTreeMap<&'a str, Vec<(&'a str, Option<&'a Term>)>>,
}

impl<'a> Records<'a> {
    pub(super) fn read(attributes: impl Iterator<Item = &'a Term>) -> Self {
        let record = |attribute: &'a Term| match attribute.as_tuple()? {
            [Term::Atom(name), Term::List(fields)] => {
                let fields = fields.iter().map(field).collect::<Option<_>>()?;
                Some((name.as_str(), fields))
            }
            _ => None,
        };
        Self {
            fields: attributes.filter_map(record).collect(),
        }
    }

    pub(super) fn names(&self) -> BTreeMap<Name, Vec<Name>> {
        let records = self.fields.iter();
        let records = records.map(|(name, fields)| {
            let names = fields.iter().map(|(field, _)| Name::from(*field));
            (Name::from(*name), names.collect())
        });
        records.collect()
    }

    fn index(&self, record: &str, field: &Term) -> Option<(usize, usize)> {
        let field = atom(field)?;
        let fields = self.fields.get(record)?;
        let index = fields.iter().position(|(name, _)| *name == field)?;
        Some((index + 1, fields.len() + 1))
    }
}

fn field(field: &Term) -> Option<(&str, Option<&Term>)> {
    match field.as_tuple()? {
        [kind, untyped, _] if kind.is_atom("typed_record_field") => {
            field_untyped(untyped.as_tuple()?)
        }
        parts => field_untyped(parts),
    }
}

fn field_untyped(parts: &[Term]) -> Option<(&str, Option<&Term>)> {
    match parts {
        [_, _, name] => Some((atom(name)?, None)),
        [_, _, name, default] => Some((atom(name)?, Some(default))),
        _ => None,
    }
}

fn atom(form: &Term) -> Option<&str> {
    match form.as_tuple()? {
        [kind, _, name] if kind.is_atom("atom") => name.as_atom(),
        _ => None,
    }
}

impl<'a> Forms<'a> {
    pub(super) fn record(&mut self, kind: &str, parts: &'a [Term]) -> Expr {
        let made = match (kind, parts) {
            ("record", [_, _, Term::Atom(name), Term::List(fields)]) => self.made(name, fields),
            ("record", [_, _, tuple, Term::Atom(name), Term::List(fields)]) => {
                self.updated(tuple, name, fields)
            }
            ("record_field", [_, _, tuple, Term::Atom(name), field]) => {
                let place = self.records.index(name, field);
                let tuple = self.expr(tuple);
                place.map(|(index, arity)| {
                    Expr::Element(Box::new(Element {
                        tuple,
                        record: name.as_str().into(),
                        arity,
                        index,
                    }))
                })
            }
            ("record_index", [_, _, Term::Atom(name), field]) => {
                let index = self.records.index(name, field);
                index.map(|(index, _)| Expr::Number(Term::from(index as u64 + 1)))
            }
            _ => None,
        };
        made.unwrap_or_else(|| Expr::Unknown("a record that is not defined".into()))
    }

    /// In a pattern, a field that is not named may be anything; as an expression it has its default.
    fn made(&mut self, name: &'a str, given: &'a [Term]) -> Option<Expr> {
        let records = self.records;
        let fields = records.fields.get(name)?;
        let mut all = vec![Expr::Atom(name.into())];
        for (field, default) in fields {
            let value = match (value_of(given, field), self.in_pattern) {
                (Some(value), _) => self.expr(value),
                (None, true) => Expr::Wildcard,
                (None, false) => match default {
                    Some(default) => self.expr(default),
                    None => Expr::Atom("undefined".into()),
                },
            };
            all.push(value);
        }
        Some(Expr::Tuple(all))
    }

    fn updated(&mut self, tuple: &'a Term, name: &'a str, given: &'a [Term]) -> Option<Expr> {
        let tuple = self.expr(tuple);
        let mut arity = self.records.fields.get(name)?.len() + 1;
        let mut elements = Vec::new();
        for part in given {
            let [_, _, field, value] = part.as_tuple()? else {
                return None;
            };
            let (index, of) = self.records.index(name, field)?;
            arity = of;
            elements.push((index, self.expr(value)));
        }
        elements.sort_by_key(|(index, _)| *index);
        Some(Expr::SetElements(Box::new(SetElements {
            tuple,
            record: name.into(),
            arity,
            elements,
        })))
    }
}

/// The value given to a field by its name, or to all others by `_ = value`.
fn value_of<'a>(given: &'a [Term], field: &str) -> Option<&'a Term> {
    let named = |part: &'a Term| match part.as_tuple() {
        Some([_, _, name, value]) if atom(name) == Some(field) => Some(value),
        _ => None,
    };
    let others = |part: &'a Term| match part.as_tuple() {
        Some([_, _, name, value]) => match name.as_tuple() {
            Some([var, _, under]) if var.is_atom("var") && under.is_atom("_") => Some(value),
            _ => None,
        },
        _ => None,
    };
    let found = given.iter().find_map(named);
    found.or_else(|| given.iter().find_map(others))
}
