//! What must hold when something is written in the ledger.

use rollout::{Effect, Rollout};

use super::{Checker, Way};
use crate::machine::Machine;
use crate::rule::Rule;

impl Checker {
    /// Looks at a step that has just been journaled.
    pub(crate) fn journaled(
        &mut self,
        state: &Rollout,
        effects: &[Effect],
        machines: &[Machine],
        place: impl Fn(&rollout::HostId) -> u32,
    ) {
        if !self.decided && !self.given_up && state.cause().is_some() {
            self.given_up = true;
            self.given_up_at = self.now;
        }
        for effect in effects {
            match effect {
                Effect::Decide { .. } => {
                    self.before_decision(machines);
                    self.decided = true;
                }
                Effect::SetAside { host, .. } => self.set_aside(place(host)),
                _ => {}
            }
        }
    }

    fn before_decision(&mut self, machines: &[Machine]) {
        let applies = matches!(self.way, Way::Beside | Way::Batches) && self.stable.is_some();
        let late =
            self.hosts
                .iter()
                .zip(machines)
                .enumerate()
                .find_map(|(host, (book, machine))| {
                    let proxy = &machine.proxy;
                    let firm = proxy.is_prepared() || proxy.is_committed();
                    let holds = firm && proxy.weight(&self.candidate) == 100;
                    (!book.aside && self.has_stable(host as u32) && !holds)
                        .then(|| machine.name.clone())
                });
        self.look(Rule::Prepared, applies, || {
            late.map(|host| {
                format!("it is decided and the proxy on {host} has not promised to stay")
            })
        });
    }

    fn set_aside(&mut self, host: u32) {
        let counted = self.has_stable(host);
        let book = &mut self.hosts[host as usize];
        if book.aside {
            return;
        }
        book.aside = true;
        if !book.prepared
            && counted
            && let Some(left) = book
                .group
                .and_then(|group| self.unprepared.get_mut(group as usize))
        {
            *left = left.saturating_sub(1);
        }
        // Past the decision nothing else is left for a host that cannot follow.
        self.asides += u32::from(!self.decided);
        let (asides, budget) = (self.asides, self.budget);
        self.look(Rule::Budget, true, || {
            (asides > budget)
                .then(|| format!("{asides} hosts are set aside, the budget is {budget}"))
        });
    }
}
