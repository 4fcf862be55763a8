//! What is done beside the coordinator: hooks, webhooks, measurements.

use analysis::{Measurement, Number};
use coordinator::interpret::Attempt;
use rollout::{Errand, Reply, RunOutcome};

use super::World;
use crate::bug::Bug;
use crate::scenario::Fault;

impl World {
    /// Performs an errand once.
    pub(super) fn errand(&mut self, errand: &Errand) -> Attempt {
        match errand {
            Errand::Hook { hook } => self.hook(*hook),
            Errand::Measure { .. } => Attempt::Reply(Reply::Measured(self.measure())),
        }
    }

    fn hook(&mut self, hook: u32) -> Attempt {
        let ended = |exit| {
            Attempt::Reply(Reply::Ran(RunOutcome::Finished {
                exit,
                output: String::new(),
            }))
        };
        if Bug::is(self.bug, Bug::HooksUnrun) {
            return ended(0);
        }
        let calls = self.calls.entry(hook).or_default();
        *calls += 1;
        let bad = self.scenario.faults.iter().any(|fault| match fault {
            Fault::HookFails { hook: other } => *other == hook,
            Fault::HookWaits {
                hook: other,
                calls: needed,
            } => *other == hook && *calls <= *needed,
            _ => false,
        });
        if bad && self.plan.hooks[hook as usize].point.waits() {
            return Attempt::Disagreed("not yet".into());
        }
        self.hooks.push((hook, !bad));
        ended(i32::from(bad))
    }

    fn measure(&self) -> Measurement {
        let faults = &self.scenario.faults;
        if faults.contains(&Fault::MetricErrors) {
            Measurement::Error("connection refused".into())
        } else if faults.contains(&Fault::MetricBad) {
            Measurement::Value(Number::new(0.1))
        } else {
            Measurement::Value(Number::new(0.9))
        }
    }
}
