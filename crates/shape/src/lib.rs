//! What the debug information of a module tells: the shape of its state, the children it supervises.
//!
//! A core crate. Where something cannot be seen it says so; it never guesses.
//!
//! ```text
//! chunk Dbgi ──Code::read──▶ Code (one small syntax for Erlang and Elixir, without lines)
//!
//! Code old, new ──state::compare──▶ Same | Changed | Unseen      may a process go on?
//!               ──migration::handles──▶ Handled | NotHandled | Unseen   does code_change do it?
//! Code ──supervision::children──▶ Children | Unseen, then supervision::compare
//! Code old, new ──messages::lost──▶ old messages that the new code does not take
//!               ──tables::differences──▶ what it writes to tables in another form
//!               ──starting::differences──▶ what a running process never did at its start
//! Code ──captures::of──▶ functions named as data
//! Code ──calls::of──▶ what outlives a change of code: closures held, processes outside supervision …
//! ```
//!
//! What debug information does not tell: which macros were expanded to make this code, and which struct
//! definitions were filled in while it was compiled. Both are seen only by what they left behind: a
//! struct literal with all its fields, the code that a macro made.

mod ast;
pub mod calls;
pub mod captures;
mod code;
mod eval;
mod library;
pub mod messages;
pub mod migration;
mod print;
mod read;
mod shape;
pub mod starting;
pub mod state;
pub mod supervision;
mod symbolic;
pub mod tables;
mod walk;

pub use code::{Code, CodeError, Language};
pub use library::{Library, Modules, NoModules};
pub use migration::{Migration, Way};
pub use state::{Behaviour, StateChange, Version};
