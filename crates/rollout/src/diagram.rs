//! A plan as a diagram: drawn from the plan itself, and with what happened to it.
//!
//! ```text
//! Plan ─────────────┐
//!                   ├──▶ Diagram (parts, each with its boxes) ──▶ Mermaid | text | whoever draws it live
//! Taken (of Rollout)┘
//! ```
//!
//! A part is what belongs together: the steps before hosts go in batches, a batch, what follows the
//! point of no return, the way back. Batches in the middle that all stand alike are drawn as one, so that
//! the diagram of a thousand hosts is no larger than a person reads.

mod fold;
mod label;
mod mermaid;
mod shape;
mod taken;
mod text;

pub use shape::{Box, BoxKind, Diagram, End, Part, PartKind};
pub use taken::{Passage, State, Taken};
