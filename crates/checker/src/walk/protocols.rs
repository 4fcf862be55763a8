//! Consolidated protocols, swapped by a call that knows where the release lies.
//!
//! `release_handler` reads object code from applications' directories only, where protocols are not
//! consolidated. The call is recognised whole, or not at all.

use relup::generate::protocols::Swap;

use super::Walk;
use crate::facts::CodeLoading;
use crate::finding::Kind;

impl Walk<'_> {
    pub(super) fn swap_protocols(&mut self, swap: &Swap) {
        if swap.to != self.node.to.vsn || swap.from != self.node.from.vsn {
            let detail = format!(
                "it goes from {} to {}, which are others",
                swap.from, swap.to
            );
            self.find(Kind::ProtocolNotConsolidated, None, detail);
            return;
        }
        for name in &swap.load {
            let Some(module) = self.node.to.consolidated.get(name) else {
                self.find(
                    Kind::UnknownModule,
                    Some(name),
                    "it is not among the consolidated protocols: the script fails and the node restarts",
                );
                continue;
            };
            let md5 = module.md5;
            self.make_current(name, md5);
        }
        self.state.consolidated = true;
        self.tell(format!("{} protocols are swapped", swap.load.len()));
    }

    /// Protocols loaded later, at their first call, come from the directory that heads the path.
    pub(super) fn look_at_consolidated_path(&mut self) {
        let has_some = |release: &relup::Release| !release.consolidated.is_empty();
        let interactive = self.node.facts.code_loading == CodeLoading::Interactive;
        let wanted = has_some(self.node.from) || has_some(self.node.to);
        if interactive && wanted && !self.state.consolidated {
            self.find(
                Kind::ProtocolNotConsolidated,
                None,
                "protocols loaded from now on come from the directory of the release that is left",
            );
        }
    }
}
