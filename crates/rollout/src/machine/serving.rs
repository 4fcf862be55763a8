//! The candidate has traffic: any crash, too many failed checks, or worse answers end that.

use crate::cause::Cause;
use crate::event::{Observation, Verdict};
use crate::judge::judge;
use crate::machine::Outcome;
use crate::plan::Work;
use crate::state::Rollout;
use crate::task::Task;

impl Rollout {
    pub(crate) fn observed_serving(
        &mut self,
        place: u32,
        seen: &Observation,
        out: &Outcome,
    ) -> Option<Cause> {
        let id = self.plan.hosts[place as usize].host.clone();
        let leased = self.keeps_stable(place);
        let host = &self.hosts[place as usize];
        let reverted = seen.route.as_ref().is_some_and(|route| route.reverted);
        if leased && host.weight.is_some() && reverted {
            return Some(Cause::LeaseExpired { host: id });
        }
        if let Some(cause) = self.does_badly(place, seen) {
            return Some(cause);
        }
        self.see_weight(place, seen);
        match self.work() {
            Some(Work::Watch { for_ms }) if out.now.since(self.since) >= for_ms => {
                self.see_watched(place, seen);
            }
            Some(Work::Analysis(_)) => self.count(place, seen, out),
            _ => {}
        }
        None
    }

    /// Says why a candidate with traffic is not to have it any longer.
    pub(crate) fn does_badly(&mut self, place: u32, seen: &Observation) -> Option<Cause> {
        if let Some(cause) = self.failed_watched(place, seen) {
            return Some(cause);
        }
        let host = &self.hosts[place as usize];
        let detail = judge(&host.baseline?, &seen.traffic, &self.plan.tolerance)?;
        let host = self.plan.hosts[place as usize].host.clone();
        Some(Cause::AnsweredWorse { host, detail })
    }

    /// A host on which the candidate is final already, while others have yet to follow.
    pub(crate) fn observed_final(&mut self, place: u32, seen: &Observation) -> Option<Cause> {
        self.failed_watched(place, seen)
    }

    fn failed_watched(&mut self, place: u32, seen: &Observation) -> Option<Cause> {
        let plan = self.plan.clone();
        let plan = &plan.hosts[place as usize];
        let unhealthy_max = self.plan.tolerance.unhealthy_max;
        let host = &mut self.hosts[place as usize];
        for (gate, placed) in host.gates.iter_mut().zip(&plan.candidate) {
            let Some(health) = seen.instances.get(&placed.instance) else {
                continue;
            };
            let crashed = health.restarts > gate.restarts;
            let streak = gate.watch(health);
            if crashed || health.verdict == Verdict::Down || streak > unhealthy_max {
                let detail = if crashed {
                    format!("it crashed: {}", health.detail)
                } else {
                    health.detail.clone()
                };
                return Some(Cause::FailedWatched {
                    host: plan.host.clone(),
                    instance: placed.instance.clone(),
                    detail,
                });
            }
        }
        None
    }

    /// Notes that a host was seen healthy at the end of a watch.
    fn see_watched(&mut self, place: u32, seen: &Observation) {
        let healthy = |health: &crate::event::Health| health.verdict == Verdict::Healthy;
        let in_step = self
            .current()
            .is_some_and(|(_, step)| step.hosts.binary_search(&place).is_ok());
        if in_step && seen.instances.values().all(healthy) {
            self.hosts[place as usize].passed = true;
        }
    }

    /// A proxy with other weights than it acknowledged, say after a late repetition, is told again.
    fn see_weight(&mut self, place: u32, seen: &Observation) {
        let Some(route) = seen
            .route
            .as_ref()
            .filter(|route| !route.weights.is_empty())
        else {
            return;
        };
        let candidate = &self.plan.candidate.artifact;
        let weight = route.weights.get(candidate).copied().unwrap_or(0);
        let committing = matches!(self.work(), Some(Work::Commit { .. }));
        let leased = self.keeps_stable(place);
        let host = &mut self.hosts[place as usize];
        let known = host.weight.is_some_and(|known| known != weight);
        if known && leased && !committing && host.awaited.is_empty() {
            host.lease_anew = true;
            host.done.remove(&Task::Lease);
        }
    }
}
