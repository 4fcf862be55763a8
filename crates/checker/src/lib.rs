//! An independent walk over an upgrade script on a model of the node.
//!
//! A core crate. It uses the types of `relup` and none of its passes, so that a mistake there is not made
//! here as well. What an instruction does is told after `release_handler_1` of sasl 4.2, with what that
//! lets pass in silence; what it may not do is ours.
//!
//! ```text
//! Release from ┐
//! Release to   ├─ NodeModel::between ─▶ check(model, script) ─▶ Report { findings, trace }
//! Facts        ┘
//! ```
//!
//! Invariant: what cannot be seen is a finding. A script without findings is one that was followed to its
//! end, with every module, process and child where the other release has it.

mod check;
mod facts;
mod finding;
mod node;
mod walk;

pub use check::{Report, Step, check};
pub use facts::{
    Child, ChildList, Children, CodeLoading, Facts, Migration, ProcessFacts, ProcessKind, Reach,
    Restart, State, SupervisorCallback, SupervisorFacts,
};
pub use finding::{Finding, Kind};
pub use node::NodeModel;
