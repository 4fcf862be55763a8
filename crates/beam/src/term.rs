//! Erlang terms as text, as `.app`, `.rel` and `RELEASES` files hold them.
//!
//! [`consult`] accepts what `file:consult/1` accepts: comments, declared encodings, atoms, integers of
//! any base, floats, characters, strings (adjacent ones joined), bit syntax, tuples, lists, maps,
//! external funs, and parentheses around any of them. [`Display`](Term#impl-Display-for-Term) writes text
//! that it reads back.
//!
//! It accepts less in three ways: an integer has at most 100,000 digits, a float in bit syntax has 32
//! or 64 bits, and no binary outgrows the limits. And it reads triple-quoted strings and sigils as
//! OTP 27 does, which older releases refuse or read otherwise.

mod coding;
mod error;
mod lex;
mod parse;
mod pretty;
pub(crate) mod print;

use crate::etf::{self, BigInt, Bits};

pub use coding::{Coding, coding};
pub use error::TermError;
pub use parse::{consult, consult_first, consult_one};

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
    /// A larger one.
    BigInt(BigInt),
    /// A finite float.
    Float(f64),
    /// A string that was written in double quotes.
    Str(String),
    /// A binary.
    Binary(Vec<u8>),
    /// A bitstring that is no binary.
    Bits(Bits),
    /// A tuple.
    Tuple(Vec<Term>),
    /// A proper list; the empty string is the empty list.
    List(Vec<Term>),
    /// A list with a last tail that is no list: `[a, b | c]`.
    Improper(Vec<Term>, Box<Term>),
    /// A map, its pairs in the order written. Of a key that comes twice the last value counts.
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

    /// Makes an integer from its sign and its distance from zero, the least significant byte first.
    pub fn integer(negative: bool, magnitude: &[u8]) -> Self {
        match etf::Term::integer(negative, magnitude) {
            etf::Term::Int(value) => Self::Int(value.into()),
            etf::Term::Big(big) => Self::big(big),
            _ => Self::Int(0),
        }
    }

    /// Makes an integer.
    pub(crate) fn big(big: BigInt) -> Self {
        match big.to_i128() {
            Some(value) => Self::Int(value),
            None => Self::BigInt(big),
        }
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

    /// The same Erlang term, with lists of printable characters as the strings that they most likely
    /// were meant as, as Erlang prints them.
    pub fn with_strings(self) -> Self {
        let all = |terms: Vec<Self>| terms.into_iter().map(Self::with_strings).collect();
        match self {
            Self::List(elements) if !elements.is_empty() => {
                let printable = |element: &Self| match element {
                    Self::Int(code) => u32::try_from(*code)
                        .ok()
                        .and_then(char::from_u32)
                        .filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')),
                    _ => None,
                };
                match elements.iter().map(printable).collect() {
                    Some(text) => Self::Str(text),
                    None => Self::List(all(elements)),
                }
            }
            Self::Tuple(elements) => Self::Tuple(all(elements)),
            Self::Improper(elements, tail) => {
                Self::Improper(all(elements), Box::new(tail.with_strings()))
            }
            Self::Map(pairs) => {
                let pairs = pairs.into_iter();
                Self::Map(
                    pairs
                        .map(|(key, value)| (key.with_strings(), value.with_strings()))
                        .collect(),
                )
            }
            other => other,
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
