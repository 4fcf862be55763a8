//! One small syntax for the code of Erlang and Elixir.
//!
//! What differs only in lines, in names of variables or in how it was written compares equal. Macros
//! are expanded already; records are tuples.

use std::sync::Arc;

use beam::etf::Term;

/// The name of an atom: of a module, a function, a key.
pub(crate) type Name = Arc<str>;

/// A variable, numbered by its first occurrence in its clause of a function.
pub(crate) type Var = u32;

/// A function's name and arity.
pub(crate) type FunctionName = (Name, usize);

/// Where something stands in the source. Never tells two expressions apart.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Line(pub(crate) Option<u32>);

impl PartialEq for Line {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A function.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Function {
    pub(crate) exported: bool,
    /// Whether `use` of a behaviour put it there, and not the module's author.
    pub(crate) injected: bool,
    pub(crate) clauses: Vec<Clause>,
}

/// A clause of a function, a fun, a `case` and the like.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Clause {
    pub(crate) patterns: Vec<Expr>,
    /// Alternatives: the clause is taken where one of them holds. None: it always is.
    pub(crate) guards: Vec<Expr>,
    pub(crate) body: Expr,
}

/// An expression or a pattern.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    Atom(Name),
    /// A number.
    Number(Term),
    Binary(Vec<u8>),
    Bits(Vec<Segment>),
    Var(Var),
    Wildcard,
    /// A variable that a pattern compares with: `^x`.
    Pin(Var),
    Tuple(Vec<Expr>),
    List(Vec<Expr>, Option<Box<Expr>>),
    Map(Vec<(Expr, Expr)>),
    /// The map, the keys that must be there, the keys that need not.
    Update(Box<Update>),
    /// `%Module{…}` as an expression with all fields, or a pattern with some.
    Struct(Box<Expr>, Vec<(Expr, Expr)>),
    /// `map.key`.
    Field(Box<Expr>, Name),
    /// `Expr#record.field`.
    Element(Box<Element>),
    /// `Expr#record{field = value}`.
    SetElements(Box<SetElements>),
    Match(Box<Expr>, Box<Expr>),
    Block(Vec<Expr>),
    Call(Box<Call>),
    Case(Box<Expr>, Vec<Clause>),
    /// Conditions with what follows; in Erlang an `if`.
    Cond(Vec<(Expr, Expr)>),
    With(Box<With>),
    Try(Box<Try>),
    Receive(Vec<Clause>, Option<Box<(Expr, Expr)>>),
    Fun(Box<Fun>),
    /// `fun name/arity`.
    LocalFun(Name, usize),
    /// `fun module:name/arity`.
    RemoteFun(Box<(Expr, Expr, Expr)>),
    Comprehension(Box<Comprehension>),
    /// What this syntax has no form for.
    Unknown(Name),
}

/// A piece of a bitstring.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segment {
    pub(crate) value: Expr,
    pub(crate) size: Option<Expr>,
    /// `integer`, `binary` and so on, sorted.
    pub(crate) kind: Vec<Name>,
}

/// A map with some values replaced, or added.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Update {
    pub(crate) map: Expr,
    /// The module of `%Module{map | …}`.
    pub(crate) module: Option<Name>,
    /// Key, value, and whether the key must be there.
    pub(crate) fields: Vec<(Expr, Expr, Presence)>,
}

/// Whether an update demands that a key is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Demanded,
    Free,
}

/// A field of a record that is read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Element {
    pub(crate) tuple: Expr,
    pub(crate) record: Name,
    pub(crate) arity: usize,
    /// From zero, the tag included.
    pub(crate) index: usize,
}

/// A record with some fields replaced.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SetElements {
    pub(crate) tuple: Expr,
    pub(crate) record: Name,
    pub(crate) arity: usize,
    pub(crate) elements: Vec<(usize, Expr)>,
}

/// A call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) line: Line,
    pub(crate) callee: Callee,
    pub(crate) arguments: Vec<Expr>,
}

/// What is called.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Callee {
    Local(Name),
    Remote(Name, Name),
    /// A module or a name that is computed.
    Computed(Expr, Expr),
    Value(Expr),
}

/// Elixir's `with`, and Erlang's `maybe`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct With {
    pub(crate) steps: Vec<Step>,
    pub(crate) body: Expr,
    /// None: what did not match is the result.
    pub(crate) otherwise: Vec<Clause>,
}

/// A step of a `with` or of a comprehension.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// Pattern, guards, and what it is matched with: `pattern <- expression`.
    Arrow(Expr, Vec<Expr>, Expr),
    /// `<<pattern>> <- expression`.
    Bits(Expr, Expr),
    /// Any other expression: in a comprehension, a filter.
    Plain(Expr),
}

/// `try`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Try {
    pub(crate) body: Expr,
    /// `of`, `else`.
    pub(crate) result: Vec<Clause>,
    /// Their patterns match what was raised.
    pub(crate) handlers: Vec<Clause>,
    pub(crate) after: Option<Expr>,
}

/// An anonymous function.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fun {
    pub(crate) line: Line,
    /// The variable that a named fun binds to itself.
    pub(crate) name: Option<Var>,
    pub(crate) clauses: Vec<Clause>,
}

/// A comprehension.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comprehension {
    pub(crate) steps: Vec<Step>,
    pub(crate) kind: Collect,
}

/// What a comprehension collects.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Collect {
    List(Expr),
    Bits(Expr),
    Map(Expr, Expr),
    Into(Expr, Expr),
    /// From a first value, clauses of the value so far.
    Reduce(Expr, Vec<Clause>),
}

impl Expr {
    /// The name of an atom.
    pub(crate) fn atom(&self) -> Option<&Name> {
        match self {
            Self::Atom(name) => Some(name),
            _ => None,
        }
    }

    /// Whether it is that atom.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.atom().is_some_and(|atom| &**atom == name)
    }
}
