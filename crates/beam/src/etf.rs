//! The external term format, as `term_to_binary/1` writes it and the distribution protocol carries it.
//!
//! ```text
//! bytes ──decode──▶ Term ──encode──▶ bytes that binary_to_term/1 reads as the same term
//! ```
//!
//! [`decode`] reads every tag that OTP 25 to 28 writes or accepts, the older forms of atoms, floats,
//! pids, ports and references among them. [`encode`] writes the forms that every one of these accepts,
//! and always the same bytes for the same term. After OTP's documentation, "External Term Format".
//!
//! The term type is not that of [term text](crate::term): here identities and closures exist, and a
//! string is a list like any other, as it is for the running system.

mod access;
mod bits;
mod decode;
mod encode;
mod error;
mod identity;
mod integer;
mod print;
mod text;

use std::collections::BTreeMap;

pub use bits::Bits;
pub(crate) use decode::decode_counted;
pub use decode::{DEPTH_CAP, decode, decode_prefix};
pub use encode::{encode, encode_compressed, encode_into};
pub use error::{DecodeError, EncodeError};
pub use identity::{Fun, Pid, Port, Reference};
pub use integer::BigInt;
pub use text::NotText;

/// The first byte of every encoded term.
pub const VERSION: u8 = 131;

/// An Erlang term as it is in a running system.
///
/// The order is total, so that terms can be keys; it is not Erlang's own. As in OTP 27 and later, `0.0`
/// and `-0.0` are different terms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Term {
    /// An integer of 64 bits.
    Int(i64),
    /// An integer that needs more.
    Big(BigInt),
    /// A finite float.
    Float(Float),
    /// An atom of at most 255 characters, without its quotes.
    Atom(String),
    /// A reference.
    Reference(Reference),
    /// A local fun with what it closes over.
    Fun(Box<Fun>),
    /// An external fun, `fun module:name/arity`.
    Export {
        /// The module.
        module: String,
        /// The function's name.
        name: String,
        /// The number of its arguments.
        arity: u8,
    },
    /// A port.
    Port(Port),
    /// A process identifier.
    Pid(Pid),
    /// A tuple.
    Tuple(Vec<Term>),
    /// A map.
    Map(BTreeMap<Term, Term>),
    /// A proper list; also every string.
    List(Vec<Term>),
    /// A list of at least one element whose last tail is no list: `[a, b | c]`.
    Improper(Vec<Term>, Box<Term>),
    /// A binary.
    Binary(Vec<u8>),
    /// A bitstring that is no binary.
    Bits(Bits),
}

/// A finite float, ordered by its sign, exponent and fraction.
#[derive(Debug, Clone, Copy)]
pub struct Float(f64);

impl Float {
    /// Takes a float, unless it is infinite or no number: Erlang has no such floats.
    pub fn new(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(value))
    }

    /// The value.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Float {}

impl PartialOrd for Float {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Float {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
