//! Shapes: what is known of the values that an expression may have.
//!
//! A shape is a union of parts. Numbers and binaries have no value, atoms and keys do: a state machine
//! is told by its atoms, a map by its keys. What comes from outside is a [`Symbol`] that says from
//! where, so that two unknown values of the same origin are the same and any others are not.

mod fit;
mod join;
mod map;
mod text;

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use beam::etf::Term;

use crate::ast::Name;

pub(crate) use fit::{Misfit, Names, fits};
pub(crate) use map::{Field, Key, MapShape};
pub(crate) use text::{Named, called, module};

/// Deeper than this nothing is told apart.
const DEPTH_MAX: u8 = 12;
/// More alternatives than this are not told apart.
const PARTS_MAX: usize = 64;

/// A union of parts; of none, where no value comes about.
#[derive(Clone, Debug, Eq)]
pub(crate) struct Shape(Rc<Inner>);

#[derive(Debug, Eq, PartialEq)]
struct Inner {
    /// Of the parts: so that two large shapes are told apart at once.
    digest: u64,
    depth: u8,
    /// Sorted by their heads, at most one of each.
    parts: Vec<Part>,
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
            || self.0.digest == other.0.digest && self.0.parts == other.0.parts
    }
}

impl Hash for Shape {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.digest);
    }
}

impl Ord for Shape {
    fn cmp(&self, other: &Self) -> Ordering {
        match self == other {
            true => Ordering::Equal,
            false => self.0.parts.cmp(&other.0.parts),
        }
    }
}

impl PartialOrd for Shape {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One alternative of a shape.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    Atom(Name),
    AnyAtom,
    Int,
    Float,
    Binary,
    Pid,
    Reference,
    Port,
    /// A fun of that arity.
    Fun(usize),
    /// A fun whose code is seen, by its number in the evaluator, with its arity.
    Closure(usize, usize),
    Tuple(Vec<Shape>),
    /// Also the empty list, whose elements have no shape.
    List(Shape),
    Map(Rc<MapShape>),
    /// A data structure of a library that hides how it is made, with what was put into it.
    Boxed(Name, Shape),
    Opaque(Symbol),
}

/// Where an unknown value comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Symbol {
    pub(crate) origin: Origin,
    pub(crate) text: Name,
}

/// What kind of source an unknown value has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Origin {
    /// A message, or an argument of a function that others call.
    Outside,
    /// What the process was started with.
    Start,
    /// Outside, and since then in the state.
    Stored,
    /// A function that was not followed.
    Call,
    /// The analysis gave up: nothing is the same as this, not even itself.
    Limit,
}

/// What parts have in common that are merged.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Head<'a> {
    Atom(&'a Name),
    Tuple(usize, Option<&'a Name>),
    Map(Option<&'a Name>, Option<&'a Symbol>),
    Boxed(&'a Name),
    Opaque(&'a Symbol),
    Fun(usize),
    Closure(usize),
    Other(u8),
}

impl Part {
    fn head(&self) -> Head<'_> {
        match self {
            Self::Atom(name) => Head::Atom(name),
            Self::Tuple(elements) => {
                let tag = elements.first().and_then(Shape::single_atom);
                Head::Tuple(elements.len(), tag)
            }
            Self::Map(map) => Head::Map(map.tag(), map.base.as_ref()),
            Self::Boxed(kind, _) => Head::Boxed(kind),
            Self::Opaque(symbol) => Head::Opaque(symbol),
            Self::Fun(arity) => Head::Fun(*arity),
            Self::Closure(number, _) => Head::Closure(*number),
            Self::AnyAtom => Head::Other(0),
            Self::Int => Head::Other(1),
            Self::Float => Head::Other(2),
            Self::Binary => Head::Other(3),
            Self::Pid => Head::Other(4),
            Self::Reference => Head::Other(5),
            Self::Port => Head::Other(6),
            Self::List(_) => Head::Other(7),
        }
    }

    fn depth(&self) -> u8 {
        let deepest = |shapes: &[Shape]| shapes.iter().map(Shape::depth).max().unwrap_or(0);
        match self {
            Self::Tuple(elements) => 1 + deepest(elements),
            Self::List(element) | Self::Boxed(_, element) => 1 + element.depth(),
            Self::Map(map) => 1 + map.depth(),
            _ => 0,
        }
    }
}

impl Shape {
    /// The shape of an expression that has no value, for it raises.
    pub(crate) fn never() -> Self {
        Self::sorted(Vec::new())
    }

    fn sorted(parts: Vec<Part>) -> Self {
        let depth = parts.iter().map(Part::depth).max().unwrap_or(0);
        if depth > DEPTH_MAX {
            return Self::limit("data nested too deeply");
        }
        if parts.len() > PARTS_MAX {
            return Self::limit("too many alternatives");
        }
        // With fixed keys: the same in every run.
        let mut hasher = DefaultHasher::new();
        parts.hash(&mut hasher);
        let digest = hasher.finish();
        Self(Rc::new(Inner {
            digest,
            depth,
            parts,
        }))
    }

    fn depth(&self) -> u8 {
        self.0.depth
    }

    pub(crate) fn of(part: Part) -> Self {
        Self::sorted(vec![part])
    }

    pub(crate) fn atom(name: impl Into<Name>) -> Self {
        Self::of(Part::Atom(name.into()))
    }

    pub(crate) fn boolean() -> Self {
        Self::atom("true").or(&Self::atom("false"))
    }

    pub(crate) fn nil() -> Self {
        Self::atom("nil")
    }

    pub(crate) fn number() -> Self {
        Self::of(Part::Int).or(&Self::of(Part::Float))
    }

    pub(crate) fn tuple(elements: Vec<Shape>) -> Self {
        Self::of(Part::Tuple(elements))
    }

    pub(crate) fn list(element: Shape) -> Self {
        Self::of(Part::List(element))
    }

    pub(crate) fn map(map: MapShape) -> Self {
        Self::of(Part::Map(Rc::new(map)))
    }

    pub(crate) fn boxed(kind: &str, element: Shape) -> Self {
        Self::of(Part::Boxed(kind.into(), element))
    }

    pub(crate) fn opaque(origin: Origin, text: impl Into<Name>) -> Self {
        let text = text.into();
        Self::of(Part::Opaque(Symbol { origin, text }))
    }

    pub(crate) fn outside() -> Self {
        Self::opaque(Origin::Outside, "a value from outside")
    }

    pub(crate) fn limit(why: &str) -> Self {
        Self::opaque(Origin::Limit, why)
    }

    pub(crate) fn symbol(symbol: Symbol) -> Self {
        Self::of(Part::Opaque(symbol))
    }

    /// The shape of a number.
    pub(crate) fn of_number(term: &Term) -> Self {
        Self::of(match term {
            Term::Float(_) => Part::Float,
            _ => Part::Int,
        })
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.0.parts
    }

    pub(crate) fn is_never(&self) -> bool {
        self.parts().is_empty()
    }

    /// The atom, where the shape is that atom alone.
    pub(crate) fn single_atom(&self) -> Option<&Name> {
        match self.parts() {
            [Part::Atom(name)] => Some(name),
            _ => None,
        }
    }

    /// Whether it may be that atom.
    pub(crate) fn may_be_atom(&self, name: &str) -> bool {
        self.parts().iter().any(|part| match part {
            Part::Atom(atom) => &**atom == name,
            Part::AnyAtom | Part::Opaque(_) => true,
            _ => false,
        })
    }

    /// The key that it is, where it is one and known.
    pub(crate) fn has_opaque(&self) -> bool {
        let opaque = |part: &Part| matches!(part, Part::Opaque(_));
        self.parts().iter().any(opaque)
    }

    /// The part of each that `keep` keeps.
    pub(crate) fn filter(&self, keep: impl Fn(&Part) -> bool) -> Self {
        if self.parts().iter().all(&keep) {
            return self.clone();
        }
        Self::sorted(self.parts().iter().filter(|p| keep(p)).cloned().collect())
    }
}
