//! What names something that lives in a node: processes, ports, references, and local funs.

use super::Term;

/// A process identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid {
    /// The name of the node.
    pub node: String,
    /// The first number of `<0.ID.SERIAL>`'s last two.
    pub id: u32,
    /// The second.
    pub serial: u32,
    /// Which run of the node made it.
    pub creation: u32,
}

/// A port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// The name of the node.
    pub node: String,
    /// Its number.
    pub id: u64,
    /// Which run of the node made it.
    pub creation: u32,
}

/// A reference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The name of the node.
    pub node: String,
    /// Which run of the node made it.
    pub creation: u32,
    /// Its words as they are sent, one to [`Reference::WORDS_MAX`] of them.
    pub ids: Vec<u32>,
}

impl Reference {
    /// The most words that a reference has (OTP 24 and later).
    pub const WORDS_MAX: usize = 5;
}

/// A local fun: it means something only where its module is loaded in that very version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fun {
    /// The module that it was made in.
    pub module: String,
    /// The number of its arguments.
    pub arity: u8,
    /// The MD5 of the module's significant parts.
    pub uniq: [u8; 16],
    /// Its place among the module's funs.
    pub index: u32,
    /// Its place as older releases counted.
    pub old_index: i64,
    /// A hash of its parse tree.
    pub old_uniq: i64,
    /// The process that made it.
    pub pid: Pid,
    /// The values that it closes over.
    pub free: Vec<Term>,
}
