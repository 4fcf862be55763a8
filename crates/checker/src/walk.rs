//! The walk: one instruction after another, on the state of the node.

use relup::Low;

use crate::check::Report;
use crate::finding::{Finding, Kind};
use crate::node::NodeModel;

pub(crate) struct Walk<'a> {
    node: &'a NodeModel<'a>,
    findings: Vec<Finding>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(node: &'a NodeModel<'a>) -> Self {
        Self { node, findings: Vec::new() }
    }

    pub(crate) fn run(mut self, script: &[Low]) -> Report {
        // The walk itself comes with the next commit: until then nothing is accepted.
        self.findings.push(Finding {
            index: None,
            kind: Kind::Unseen,
            application: None,
            module: None,
            detail: format!("{} instructions towards {} are not followed", script.len(), self.node.to.vsn),
        });
        Report { findings: self.findings, trace: Vec::new() }
    }
}
