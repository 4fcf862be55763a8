//! The code of a module, as its debug information has it.

use std::collections::BTreeMap;

use beam::Limits;
use beam::etf;

use crate::ast::{Function, FunctionName, Name};
use crate::read;

/// The code of one module, without lines and names of variables: two that compare equal do the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    pub(crate) module: Name,
    pub(crate) language: Language,
    pub(crate) functions: BTreeMap<FunctionName, Function>,
    /// Names of the fields of each record, in order.
    pub(crate) records: BTreeMap<Name, Vec<Name>>,
    pub(crate) behaviours: Vec<Name>,
    /// What `-vsn` or `@vsn` say.
    pub(crate) vsn: Option<etf::Term>,
}

/// The language that a module was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Erlang, and what compiles to its abstract code.
    Erlang,
    /// Elixir.
    Elixir,
}

/// Why debug information cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// The chunk is no encoded term, or exceeds the limits.
    #[error("debug information that cannot be decoded: {0}")]
    Decode(#[from] etf::DecodeError),
    /// The module was compiled without debug information, or it is encrypted.
    #[error("no debug information in the chunk: compile with debug_info")]
    Missing,
    /// The debug information is of a kind that is not known.
    #[error("debug information of an unknown kind: {what}")]
    Unknown {
        /// What was met.
        what: String,
    },
}

impl Code {
    /// Reads the contents of the chunk `Dbgi`.
    ///
    /// # Errors
    /// Where it is no debug information of Erlang or Elixir, or exceeds the limits.
    pub fn read(dbgi: &[u8], limits: &Limits) -> Result<Self, CodeError> {
        read::module(&etf::decode(dbgi, limits)?)
    }

    /// The name of the module as its atom is written without quotes, such as `Elixir.MyApp.Worker`.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// The language that it was written in.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Whether the module has that function and others may call it.
    pub fn exports(&self, name: &str, arity: usize) -> bool {
        self.function(name, arity).is_some_and(|f| f.exported)
    }

    /// Whether the module's author wrote that function: it is there, and no `use` of a behaviour put it
    /// there.
    pub fn has_own(&self, name: &str, arity: usize) -> bool {
        self.function(name, arity).is_some_and(|f| !f.injected)
    }

    pub(crate) fn function(&self, name: &str, arity: usize) -> Option<&Function> {
        self.functions.get(&(Name::from(name), arity))
    }
}
