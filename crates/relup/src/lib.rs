//! Two releases in, an upgrade script out.
//!
//! ```text
//! Release A ┐
//!           ├─ diff ─▶ appups (read, else generated) ─▶ expand ─▶ order ─▶ Relup, both directions
//! Release B ┘
//! ```
//!
//! A core crate: releases come in as values, made by whoever reads them from disk.

mod appup;
mod appups;
mod compile;
pub mod diff;
mod direction;
pub mod generate;
pub mod instruction;
pub mod model;
mod relup;

pub use appup::{Appup, AppupError, PatternError};
pub use appups::{Appups, Chosen, Frame, Source};
pub use compile::{CompileError, GatherError, ReleaseError, ScriptError, compile};
pub use diff::{Diff, diff};
pub use direction::Direction;
pub use instruction::{High, Low};
pub use model::{Application, Module, Release};
pub use relup::{Edge, Relup, RelupError};
