//! Turns back to stable.

use std::collections::BTreeSet;

use crate::cause::Cause;
use crate::effect::Effect;
use crate::host::Host;
use crate::machine::Outcome;
use crate::plan::{Purpose, way_back};
use crate::seen::StepEnd;
use crate::state::{Rollout, Stage};
use crate::task::Task;

impl Rollout {
    pub(crate) fn give_up(&mut self, cause: Cause, out: &mut Outcome) {
        let deploys = self.plan.purpose == Purpose::Deploy;
        if cause.blames_candidate() && deploys && self.had_traffic() {
            out.effects.push(Effect::MarkBad {
                artifact: self.plan.candidate.artifact.clone(),
                why: cause.to_string(),
            });
        }
        let touched: Vec<_> = self.hosts.iter().map(Host::touched).collect();
        self.way_back = way_back(&self.plan, &touched, self.command_may_run()).into();
        self.forget_outstanding();
        self.close(StepEnd::GivenUp, out);
        self.cause = Some(cause);
        self.waiting = None;
        self.hold = None;
        self.halted = false;
        self.unproven = false;
        self.detour.clear();
        self.unready = BTreeSet::new();
        self.pending = BTreeSet::new();
        for host in &mut self.hosts {
            host.refused = None;
            host.lease_anew = false;
        }
        self.stage = Stage::Reverting(0);
        self.go_to(0, out);
    }

    /// Says whether the candidate ever was given traffic, other than that of testers.
    fn had_traffic(&self) -> bool {
        let served = |host: &Host| {
            let mut routes = host.asked.range(Task::Route(1)..=Task::Route(u8::MAX));
            routes.next().is_some() || host.touched().installed
        };
        self.hosts.iter().any(served)
    }

    /// Says whether the release command was asked for and has no end that anybody knows of.
    fn command_may_run(&self) -> bool {
        let run = Task::Run(self.command.attempt);
        let first = self.hosts.first();
        !self.command.done
            && first.is_some_and(|host| host.asked.contains(&run) && !host.done.contains(&run))
    }
}
