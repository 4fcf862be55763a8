//! On the way back to stable.

use crate::event::Observation;
use crate::machine::Outcome;
use crate::plan::Work;
use crate::state::{Rollout, Stage};
use crate::task::Task;

impl Rollout {
    pub(crate) fn observed_on_way_back(
        &mut self,
        place: u32,
        seen: &Observation,
        out: &mut Outcome,
    ) {
        if self.work() == Some(Work::Restore) {
            self.observed_restoring(place, seen, out);
        }
        if !self.hosts[place as usize].done.contains(&Task::RouteBack) {
            return;
        }
        let candidate = &self.plan.candidate.artifact;
        let still = seen
            .route
            .as_ref()
            .and_then(|route| route.weights.get(candidate))
            .is_some_and(|weight| *weight > 0);
        if still {
            return self.route_back_again(place, out);
        }
        match self.work() {
            Some(Work::RouteBack) => self.hosts[place as usize].passed = true,
            Some(Work::DrainBack) => {
                let host = &mut self.hosts[place as usize];
                if host.done.contains(&Task::DrainBack) && seen.traffic.candidate.open == 0 {
                    host.passed = true;
                }
            }
            _ => {}
        }
    }

    /// A request that was given up reached the proxy late: it is told again.
    fn route_back_again(&mut self, place: u32, out: &mut Outcome) {
        let host = &mut self.hosts[place as usize];
        host.done.remove(&Task::RouteBack);
        host.done.remove(&Task::DrainBack);
        let Stage::Reverting(at) = self.stage else {
            return;
        };
        let step = self.way_back.iter().position(|step| {
            step.work == Work::RouteBack && step.hosts.binary_search(&place).is_ok()
        });
        let step = step.and_then(|step| u32::try_from(step).ok());
        if let Some(step) = step.filter(|step| *step < at) {
            self.forget_outstanding();
            self.enter(Stage::Reverting(step), false, out);
        }
    }
}
