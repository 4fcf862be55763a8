//! The gate at the start: health without a break, before any traffic.

use crate::cause::Cause;
use crate::event::Observation;
use crate::machine::Outcome;
use crate::plan::Readiness;
use crate::state::Rollout;
use crate::task::Task;

impl Rollout {
    pub(crate) fn observed_starting(
        &mut self,
        place: u32,
        seen: &Observation,
        out: &Outcome,
    ) -> Option<Cause> {
        if self.still_serves(place, seen)
            && let Some(cause) = self.does_badly(place, seen)
        {
            return Some(cause);
        }
        let plan = self.plan.clone();
        let plan = &plan.hosts[place as usize];
        let (timing, tolerance) = (self.plan.timing, self.plan.tolerance);
        let host = &mut self.hosts[place as usize];
        for (i, placed) in (0u16..).zip(&plan.candidate) {
            let Some(health) = seen.instances.get(&placed.instance) else {
                continue;
            };
            // What runs there before it was started is not yet the candidate.
            if !host.done.contains(&Task::Start(i)) {
                continue;
            }
            let min_ms = match placed.readiness {
                Readiness::Warm => 0,
                Readiness::Fresh | Readiness::Stored => timing.min_healthy_time_ms,
            };
            host.gates[usize::from(i)].prove(health, out.now, min_ms);
            if health.restarts > tolerance.restarts_max {
                return Some(Cause::CrashLoop {
                    host: plan.host.clone(),
                    instance: placed.instance.clone(),
                    restarts: health.restarts,
                    detail: health.detail.clone(),
                });
            }
        }
        if host.is_ready() {
            self.unready.remove(&place);
            // In batches the first one has to pass its watch, too.
            let batched = self.current().is_some_and(|(_, step)| step.batch.is_some());
            self.proven |= !batched;
        } else {
            self.unready.insert(place);
        }
        None
    }

    /// Says whether the candidate has traffic while its health is proven anew, after a takeover: stable runs
    /// beside it, so there is no reason to bear with what it does.
    fn still_serves(&self, place: u32, seen: &Observation) -> bool {
        let candidate = &self.plan.candidate.artifact;
        let weight = seen
            .route
            .as_ref()
            .and_then(|route| route.weights.get(candidate));
        self.keeps_stable(place)
            && self.hosts[place as usize].touched().routed
            && weight.is_some_and(|weight| *weight > 0)
    }

    /// The same for stable where it had to be started again.
    pub(crate) fn observed_restoring(&mut self, place: u32, seen: &Observation, out: &Outcome) {
        let plan = self.plan.clone();
        let min_ms = plan.timing.min_healthy_time_ms;
        let host = &mut self.hosts[place as usize];
        for (i, instance) in (0u16..).zip(&plan.hosts[place as usize].stable) {
            if let Some(health) = seen.instances.get(instance)
                && host.done.contains(&Task::Restore(i))
            {
                host.stable_gates[usize::from(i)].prove(health, out.now, min_ms);
            }
        }
    }
}
