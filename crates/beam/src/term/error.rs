//! Why bytes are not Erlang term text.

/// Why bytes are not Erlang term text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// The bytes are not UTF-8 and do not declare `coding: latin-1`.
    #[error("byte {position} is not UTF-8, and no `%% coding: latin-1` line says otherwise")]
    Encoding {
        /// The first byte that is wrong.
        position: usize,
    },
    /// The text is not a sequence of terms, each ended by a dot.
    #[error("line {line}: {what}")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// What was met.
        what: String,
    },
    /// The text exceeds a limit.
    #[error("more than the limit of {limit} {what}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The file holds another number of terms than one.
    #[error("expected one term and found {found}")]
    NotOne {
        /// How many there are.
        found: usize,
    },
}
