//! The journal's forms: what is written down of a rollout, apart from the engine's own types.
//!
//! Each version has its own types and fixture files, and is read for as long as journals of it may be
//! there. Reading turns them into domain types, names parsed and places checked.

pub mod v1;
pub mod v2;

use crate::name::NameError;

/// Why what was written down cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A name is not well-formed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It is of another version.
    #[error(
        "this is version {found} of the journal, not {wanted}: read it with the version that wrote it"
    )]
    Version {
        /// The version that it is of.
        found: u32,
        /// The one that is read.
        wanted: u32,
    },
    /// A part refers to one that is not there, or is out of its range.
    #[error("{what} of the plan is not valid: {why}")]
    Invalid {
        /// Which part.
        what: String,
        /// Why.
        why: String,
    },
}
