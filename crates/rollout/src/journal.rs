//! The journal's forms: what is written down of a rollout, apart from the engine's own types.
//!
//! Each version has its own types and fixture files, and is read for as long as journals of it may be
//! there. Reading turns them into domain types, names parsed.

pub mod v1;
