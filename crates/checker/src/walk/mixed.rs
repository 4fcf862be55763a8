//! What runs between two instructions: modules of one release calling those of the other.

use relup::Low;

use super::Walk;
use crate::finding::Kind;
use crate::node::Side;

impl Walk<'_> {
    /// While callers run, a caller and its callee must be of one release. While none runs, the newer
    /// callee may be there first, never the newer caller: that is the order in which OTP loads.
    pub(super) fn look_at_mixed_versions(&mut self, after: &Low) {
        let touched: Option<Vec<&String>> = match after {
            Low::Load { module, .. } | Low::Remove { module, .. } => Some(vec![module]),
            Low::Resume(modules) => Some(modules.iter().collect()),
            Low::Start(_) | Low::Apply { .. } => None,
            _ => return,
        };
        let mut found: Vec<(String, String, &str)> = Vec::new();
        for (caller, callee) in self.pairs() {
            let touches = touched.as_ref().is_none_or(|modules| {
                modules
                    .iter()
                    .any(|m| m.as_str() == caller || m.as_str() == callee)
            });
            if touches && let Some(why) = self.mixed(caller, callee) {
                found.push((caller.to_owned(), callee.to_owned(), why));
            }
        }
        for (caller, callee, why) in found {
            let detail = format!("{caller} calls {callee}: {why}");
            self.find(Kind::MixedVersions, Some(&caller), detail);
            self.state.mixed.insert((caller, callee));
        }
    }

    /// Pairs that differ between the releases, those told of already left out.
    fn pairs(&self) -> Vec<(&str, &str)> {
        let calls = &self.node.facts.calls;
        let changed =
            |pair: &(&str, &str)| self.node.is_changed(pair.0) && self.node.is_changed(pair.1);
        let pairs = calls.iter().flat_map(|(caller, callees)| {
            callees
                .iter()
                .map(|callee| (caller.as_str(), callee.as_str()))
        });
        let known = &self.state.mixed;
        pairs
            .filter(changed)
            .filter(|(a, b)| {
                known.is_empty() || !known.contains(&((*a).to_owned(), (*b).to_owned()))
            })
            .collect()
    }

    fn mixed(&self, caller: &str, callee: &str) -> Option<&'static str> {
        let of_caller = self.state.side(self.node, caller)?;
        let of_callee = self.state.side(self.node, callee);
        // A caller that has no such callee in its own release does not call it.
        self.node.placed(of_caller, callee)?;
        if of_callee == Some(of_caller) {
            return None;
        }
        let processes = self.state.processes.iter();
        let runs = processes
            .filter(|p| p.facts.module == caller)
            .any(|p| p.runs());
        if runs {
            return Some("a process runs while the two are of different releases");
        }
        let of_processes = |alive: bool| {
            let mut processes = self.state.processes.iter();
            processes.any(|p| p.facts.module == caller && p.alive == alive)
        };
        let waits = of_processes(true);
        // A module of processes that have ended for good is called by nobody.
        let ended = of_processes(false) && self.node.placed(Side::To, caller).is_none();
        let newer = self.node.newer();
        (!waits && !ended && of_caller == newer)
            .then_some("the newer of the one is there before the newer of the other")
    }
}
