//! What runs between two instructions: modules of one release calling those of the other.

use std::collections::{BTreeMap, BTreeSet};

use relup::Low;

use super::Walk;
use crate::finding::Kind;
use crate::node::{NodeModel, Side};

/// Callers and callees that must be of one release, where both differ between the releases.
pub(super) struct Pairs<'a> {
    all: Vec<(&'a str, &'a str)>,
    of: BTreeMap<&'a str, Vec<usize>>,
    /// Those told already.
    told: BTreeSet<usize>,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(node: &NodeModel<'a>) -> Self {
        let mut pairs = Self {
            all: Vec::new(),
            of: BTreeMap::new(),
            told: BTreeSet::new(),
        };
        for (caller, callees) in &node.facts.calls {
            for callee in callees.iter().filter(|callee| node.is_changed(callee)) {
                if node.is_changed(caller) {
                    let number = pairs.all.len();
                    pairs.all.push((caller, callee));
                    pairs.of.entry(caller).or_default().push(number);
                    pairs.of.entry(callee).or_default().push(number);
                }
            }
        }
        pairs
    }

    fn touching(&self, module: &str) -> Vec<usize> {
        self.of.get(module).cloned().unwrap_or_default()
    }
}

impl Walk<'_> {
    /// While callers run, a caller and its callee must be of one release. While none runs, the newer
    /// callee may be there first, never the newer caller: that is the order in which OTP loads.
    pub(super) fn look_at_mixed_versions(&mut self, after: &Low) {
        let touched: Vec<usize> = match after {
            Low::Load { module, .. } | Low::Remove { module, .. } => self.pairs.touching(module),
            Low::Resume(modules) => {
                let touched = modules
                    .iter()
                    .flat_map(|module| self.pairs.touching(module));
                touched.collect()
            }
            Low::Start(_) | Low::Apply { .. } => (0..self.pairs.all.len()).collect(),
            _ => return,
        };
        for number in touched {
            let (caller, callee) = self.pairs.all[number];
            if !self.pairs.told.contains(&number)
                && let Some(why) = self.mixed(caller, callee)
            {
                self.pairs.told.insert(number);
                let detail = format!("{caller} calls {callee}: {why}");
                self.find(Kind::MixedVersions, Some(caller), detail);
            }
        }
    }

    fn mixed(&self, caller: &str, callee: &str) -> Option<&'static str> {
        let of_caller = self.state.side(self.node, caller)?;
        let of_callee = self.state.side(self.node, callee);
        // A caller that has no such callee in its own release does not call it.
        self.node.placed(of_caller, callee)?;
        if of_callee == Some(of_caller) {
            return None;
        }
        let of_caller_process = |wanted: fn(&super::state::Process<'_>) -> bool| {
            let mut processes = self.state.processes.iter();
            processes.any(|p| p.facts.module == caller && wanted(p))
        };
        if of_caller_process(|p| p.runs()) {
            return Some("a process runs while the two are of different releases");
        }
        let waits = of_caller_process(|p| p.alive);
        // A module that goes, and whose processes or application have ended, is called by nobody.
        let is_up = |name: &str| self.state.running.contains(name);
        let stopped = self
            .application_of(caller)
            .is_some_and(|name| !is_up(&name));
        let goes = self.node.placed(Side::To, caller).is_none();
        let ended = goes && (stopped || of_caller_process(|p| !p.alive));
        (!waits && !ended && of_caller == self.node.newer())
            .then_some("the newer of the one is there before the newer of the other")
    }
}
