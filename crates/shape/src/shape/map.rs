//! Shapes of maps.

use std::collections::BTreeMap;

use beam::etf::Term;

use super::{Part, Shape, Symbol};
use crate::ast::Name;

/// More keys than this are not told apart.
const KEYS_MAX: usize = 1000;

/// A key that is told apart from others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Atom(Name),
    Int(i64),
    Binary(Vec<u8>),
}

/// A key's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Field {
    pub(crate) value: Shape,
    /// Whether the key may be missing.
    pub(crate) optional: bool,
}

/// A map, known by its keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MapShape {
    pub(crate) fields: BTreeMap<Key, Field>,
    /// Keys and values beyond the fields, whose keys are computed.
    pub(crate) rest: Option<(Shape, Shape)>,
    /// An unknown map that the fields were put upon.
    pub(crate) base: Option<Symbol>,
}

impl Key {
    pub(crate) fn of_number(term: &Term) -> Option<Self> {
        term.as_int().map(Self::Int)
    }
}

impl MapShape {
    pub(crate) fn on(base: Symbol) -> Self {
        Self {
            base: Some(base),
            ..Self::default()
        }
    }

    /// The struct that it is.
    pub(crate) fn tag(&self) -> Option<&Name> {
        let field = self.fields.get(&Key::Atom("__struct__".into()))?;
        field.value.single_atom()
    }

    pub(super) fn depth(&self) -> u8 {
        let fields = self.fields.values().map(|field| field.value.depth());
        let rest = self.rest.iter();
        let rest = rest.map(|(key, value)| key.depth().max(value.depth()));
        fields.chain(rest).max().unwrap_or(0)
    }

    #[must_use]
    pub(crate) fn with(mut self, key: Key, value: Shape) -> Self {
        if self.fields.len() < KEYS_MAX || self.fields.contains_key(&key) {
            let optional = false;
            self.fields.insert(key, Field { value, optional });
            return self;
        }
        self.with_rest(&Shape::limit("too many keys"), &value)
    }

    /// With a key that is computed: it may be any of the known ones, too, but code that mixes the two
    /// in one map does not mean that.
    #[must_use]
    pub(crate) fn with_rest(mut self, key: &Shape, value: &Shape) -> Self {
        self.rest = Some(match self.rest {
            Some((keys, values)) => (keys.or(key), values.or(value)),
            None => (key.clone(), value.clone()),
        });
        self
    }

    #[must_use]
    pub(crate) fn without(mut self, key: &Key) -> Self {
        self.fields.remove(key);
        self
    }

    /// What a key's value is: of a field, of the rest, or of the unknown map below. Nothing where the
    /// map has no such key.
    pub(crate) fn get(&self, key: &Key) -> Option<Shape> {
        if let Some(field) = self.fields.get(key) {
            return Some(field.value.clone());
        }
        let rest = self.rest.as_ref().map(|(_, value)| value.clone());
        let base = self.base.as_ref().map(|base| base.field(key));
        match (rest, base) {
            (Some(rest), Some(base)) => Some(rest.or(&base)),
            (rest, base) => rest.or(base),
        }
    }

    /// Every key and every value.
    pub(crate) fn entries(&self) -> (Shape, Shape) {
        let mut keys = Shape::never();
        let mut values = Shape::never();
        for (key, field) in &self.fields {
            keys = keys.or(&Shape::of(match key {
                Key::Atom(name) => Part::Atom(name.clone()),
                Key::Int(_) => Part::Int,
                Key::Binary(_) => Part::Binary,
            }));
            values = values.or(&field.value);
        }
        if let Some((key, value)) = &self.rest {
            keys = keys.or(key);
            values = values.or(value);
        }
        if let Some(base) = &self.base {
            let inside = Shape::symbol(base.part("its entries"));
            keys = keys.or(&inside);
            values = values.or(&inside);
        }
        (keys, values)
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        let mut fields = self.fields.clone();
        for (key, field) in &mut fields {
            match other.fields.get(key) {
                Some(theirs) => {
                    field.value = field.value.or(&theirs.value);
                    field.optional |= theirs.optional;
                }
                None => field.optional = true,
            }
        }
        for (key, theirs) in &other.fields {
            fields.entry(key.clone()).or_insert_with(|| Field {
                value: theirs.value.clone(),
                optional: true,
            });
        }
        let rest = match (&self.rest, &other.rest) {
            (Some((k, v)), Some((l, w))) => Some((k.or(l), v.or(w))),
            (ours, theirs) => ours.clone().or_else(|| theirs.clone()),
        };
        let base = self.base.clone();
        Self { fields, rest, base }
    }
}
