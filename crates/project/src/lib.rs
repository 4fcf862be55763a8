//! A Mix project seen from Rust.
//!
//! What is known of a project comes from Mix itself ([`inspect`]) and from the syntax trees of its files,
//! never from a regular expression over its text. [`build`] runs `mix release` so that the same inputs
//! give the same files. Mix's own words are passed on as they are.

mod boot;
mod build;
mod inspect;
mod mix;
mod which;

pub use boot::missing_variables;
pub use build::{Assembled, Build, Start, build, ebins};
pub use inspect::{Found, Project, Release, inspect};
pub use mix::Error;
pub use which::{ChoiceError, Which};
