//! The one question: is this script right for this node?

use relup::Low;

use crate::finding::Finding;
use crate::node::NodeModel;
use crate::walk::Walk;

/// What came of a walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What is wrong, in the order of the instructions, what is seen at the end last; none means that
    /// the script leaves the node as the other release has it.
    pub findings: Vec<Finding>,
    /// What each instruction did.
    pub trace: Vec<Step>,
}

/// What one instruction did to the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The instruction, counted from 0.
    pub index: usize,
    /// What happened, in words.
    pub effect: String,
}

impl Report {
    /// Whether nothing was found wrong.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Follows a script on a node, in the direction the model was made for.
#[must_use]
pub fn check(node: &NodeModel<'_>, script: &[Low]) -> Report {
    Walk::new(node).run(script)
}
