//! A plan as a diagram: drawn from the plan itself, and with what happened to it.
//!
//! ```text
//! Plan ─────────────┐
//!                   ├──▶ Diagram (parts, each with its steps) ──▶ Mermaid | text
//! Taken (of Rollout)┘
//! ```
//!
//! A part is what belongs together: the steps before hosts go in batches, a batch, what follows the
//! point of no return, the way back. Batches in the middle that all stand alike are drawn as one.

mod mermaid;
mod shape;
mod taken;
mod text;

pub use shape::{Box, Diagram, Part, PartKind};
pub use taken::{State, Taken};
