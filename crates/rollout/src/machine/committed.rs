//! Past the decision nothing turns around; what is found is told.

use crate::cause::Cause;
use crate::event::{Observation, Verdict};
use crate::machine::Outcome;
use crate::plan::Work;
use crate::state::Rollout;

impl Rollout {
    /// At the end of the last look every host has to be healthy.
    pub(crate) fn observed_committed(&mut self, place: u32, seen: &Observation, out: &mut Outcome) {
        let Some(Work::Settle { for_ms }) = self.work() else {
            return;
        };
        let settled = out.now.since(self.since) >= for_ms;
        let unhealthy_max = self.plan.tolerance.unhealthy_max;
        let plan = self.plan.clone();
        let plan = &plan.hosts[place as usize];
        let host = &mut self.hosts[place as usize];
        let mut sick = None;
        for (gate, placed) in host.gates.iter_mut().zip(&plan.candidate) {
            if let Some(health) = seen.instances.get(&placed.instance)
                && gate.watch(health) > unhealthy_max
            {
                sick = Some((placed.instance.clone(), health.detail.clone()));
            }
        }
        let healthy = seen
            .instances
            .values()
            .all(|health| health.verdict == Verdict::Healthy);
        host.passed = settled && (healthy || sick.is_some());
        if let (true, Some((instance, detail)), None) = (settled, sick, &self.cause) {
            self.cause = Some(Cause::FailedWatched {
                host: plan.host.clone(),
                instance,
                detail,
            });
            out.changed = true;
        }
    }
}
