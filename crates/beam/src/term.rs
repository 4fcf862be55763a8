//! Erlang terms as text, as `.app`, `.rel` and `RELEASES` files hold them.
//!
//! [`consult`] accepts what `file:consult/1` accepts of literal terms: comments, atoms, integers of any
//! base, floats, characters, strings (adjacent ones joined), binaries of bytes and strings, tuples,
//! lists, maps and external funs. [`print`](Term#impl-Display-for-Term) writes text that it reads back.

mod lex;
mod parse;
pub(crate) mod print;

pub use parse::{TermError, consult, consult_one};

/// An Erlang term.
///
/// `"abc"` and `[97,98,99]` are the same Erlang term, kept apart here as they were written;
/// [`Term::text`] reads both.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// An atom, without its quotes.
    Atom(String),
    /// An integer of up to 128 bits.
    Int(i128),
    /// A larger one: its decimal digits without leading zeros, and a minus sign if it is negative.
    BigInt(String),
    /// A finite float.
    Float(f64),
    /// A string that was written in double quotes.
    Str(String),
    /// A binary.
    Binary(Vec<u8>),
    /// A tuple.
    Tuple(Vec<Term>),
    /// A proper list; the empty string is the empty list.
    List(Vec<Term>),
    /// A list with a last tail that is no list: `[a, b | c]`.
    Improper(Vec<Term>, Box<Term>),
    /// A map, its pairs in the order written.
    Map(Vec<(Term, Term)>),
    /// An external fun, `fun module:name/arity`.
    Fun {
        /// The module.
        module: String,
        /// The function's name.
        name: String,
        /// The number of its arguments.
        arity: u8,
    },
}

impl Term {
    /// Makes an atom.
    pub fn atom(name: impl Into<String>) -> Self {
        Self::Atom(name.into())
    }

    /// Makes a string.
    pub fn string(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() {
            Self::List(Vec::new())
        } else {
            Self::Str(text)
        }
    }

    /// The name of an atom.
    pub fn as_atom(&self) -> Option<&str> {
        match self {
            Self::Atom(name) => Some(name),
            _ => None,
        }
    }

    /// The elements of a tuple.
    pub fn as_tuple(&self) -> Option<&[Term]> {
        match self {
            Self::Tuple(elements) => Some(elements),
            _ => None,
        }
    }

    /// The elements of a proper list. A string in double quotes has none here: see [`Term::text`].
    pub fn as_list(&self) -> Option<&[Term]> {
        match self {
            Self::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The text of a string, also of one written as a list of characters.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Str(text) => Some(text.clone()),
            Self::List(elements) => elements
                .iter()
                .map(|element| match element {
                    Self::Int(code) => u32::try_from(*code).ok().and_then(char::from_u32),
                    _ => None,
                })
                .collect(),
            _ => None,
        }
    }

    /// Looks up a key in a list of `{key, value}` pairs; the first counts, as in `proplists`.
    pub fn get(&self, key: &str) -> Option<&Term> {
        self.as_list()?
            .iter()
            .find_map(|pair| match pair.as_tuple() {
                Some([Self::Atom(name), value]) if name == key => Some(value),
                _ => None,
            })
    }
}
