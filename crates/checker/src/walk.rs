//! The walk: one instruction after another, on the state of the node.
//!
//! ```text
//! frame ─▶ code ─────────┐
//!       ─▶ suspension ───┤
//!       ─▶ restarts ─────┼─▶ mixed (what runs between two instructions) ─▶ end
//!       ─▶ calls         │
//!          ├ supervisors ┤
//!          └ lives ──────┘
//! ```

mod calls;
mod code;
mod end;
mod frame;
mod lives;
mod mixed;
mod protocols;
mod restarts;
mod state;
mod supervisors;
mod suspension;

use relup::Low;

use crate::check::{Report, Step};
use crate::finding::{Finding, Kind};
use crate::node::NodeModel;
use mixed::Pairs;
use state::NodeState;

pub(crate) struct Walk<'a> {
    pub(crate) node: &'a NodeModel<'a>,
    state: NodeState<'a>,
    pairs: Pairs<'a>,
    /// The instruction that is followed now.
    index: Option<usize>,
    /// Whether the point of no return lies behind.
    committed: bool,
    findings: Vec<Finding>,
    trace: Vec<Step>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(node: &'a NodeModel<'a>) -> Self {
        Self {
            node,
            state: NodeState::booted(node),
            pairs: Pairs::new(node),
            index: None,
            committed: false,
            findings: Vec::new(),
            trace: Vec::new(),
        }
    }

    pub(crate) fn run(mut self, script: &[Low]) -> Report {
        self.look_at_the_whole(script);
        for (index, instruction) in script.iter().enumerate() {
            self.index = Some(index);
            if !self.committed {
                self.check_before_point_of_no_return(instruction, index);
            }
            self.follow(instruction, index + 1 == script.len());
            self.look_at_mixed_versions(instruction);
        }
        self.index = None;
        self.look_at_the_end();
        self.findings
            .sort_by_key(|finding| finding.index.unwrap_or(usize::MAX));
        Report {
            findings: self.findings,
            trace: self.trace,
        }
    }

    fn follow(&mut self, instruction: &Low, is_last: bool) {
        match instruction {
            Low::LoadObjectCode {
                application,
                vsn,
                modules,
            } => self.read_object_code(application, vsn, modules),
            Low::PointOfNoReturn => self.pass_point_of_no_return(),
            Low::Load { module, purges } => self.load(module, *purges),
            Low::Remove { module, purges } => self.remove(module, *purges),
            Low::Purge(modules) => modules.iter().for_each(|module| self.purge(module)),
            Low::Suspend(modules) => self.suspend(modules),
            Low::Resume(modules) => modules.iter().for_each(|module| self.resume(module)),
            Low::CodeChange { mode, modules } => self.change_code(*mode, modules),
            Low::Stop(modules) => self.stop(modules),
            Low::Start(modules) => modules.iter().for_each(|module| self.start(module)),
            Low::SyncNodes { nodes, .. } => self.wait_for_nodes(nodes),
            Low::Apply { .. } => self.apply(instruction),
            Low::RestartNewEmulator | Low::RestartEmulator => self.restart(is_last),
        }
    }

    fn find(&mut self, kind: Kind, module: Option<&str>, detail: impl Into<String>) {
        let application = module.and_then(|module| self.application_of(module));
        self.push(kind, application, module, detail.into());
    }

    fn find_in_application(&mut self, kind: Kind, application: &str, detail: impl Into<String>) {
        self.push(kind, Some(application.to_owned()), None, detail.into());
    }

    fn push(
        &mut self,
        kind: Kind,
        application: Option<String>,
        module: Option<&str>,
        detail: String,
    ) {
        let finding = Finding {
            index: self.index,
            kind,
            application,
            module: module.map(str::to_owned),
            detail,
        };
        let known = self.findings.iter().any(|other| {
            (other.kind, &other.module, &other.application)
                == (finding.kind, &finding.module, &finding.application)
                && (other.index == finding.index || finding.index.is_none())
        });
        if !known {
            self.findings.push(finding);
        }
    }

    fn tell(&mut self, effect: impl Into<String>) {
        if let Some(index) = self.index {
            self.trace.push(Step {
                index,
                effect: effect.into(),
            });
        }
    }

    fn application_of(&self, module: &str) -> Option<String> {
        use crate::node::Side;
        let sides = [Side::To, Side::From];
        let mut found = sides
            .iter()
            .filter_map(|side| self.node.placed(*side, module));
        found
            .find_map(|placed| placed.application)
            .map(str::to_owned)
    }
}
