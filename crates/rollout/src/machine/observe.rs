//! A host was looked at: what that says depends on where the candidate stands there.

use crate::event::Observation;
use crate::host::Standing;
use crate::machine::Outcome;
use crate::plan::{HotWork, Work};
use crate::state::{Rollout, Stage};
use crate::task::Task;

impl Rollout {
    pub(crate) fn observed(&mut self, place: u32, seen: &Observation, out: &mut Outcome) {
        if self.is_finished() || self.stage == Stage::Planned {
            return;
        }
        let (before, proven) = (self.hosts[place as usize].clone(), self.proven);
        let host = &mut self.hosts[place as usize];
        host.lost = None;
        if host.changed.is_some_and(|changed| seen.began < changed) {
            out.changed |= self.hosts[place as usize] != before;
            return;
        }
        self.take_baseline(place, seen);
        let standing = self.hosts[place as usize].standing;
        let aside = self.hosts[place as usize].aside.is_some();
        let found = match self.stage {
            Stage::Reverting(_) => {
                self.observed_on_way_back(place, seen, out);
                None
            }
            _ if aside => {
                self.observed_aside(place, seen, out);
                None
            }
            Stage::Committed(_) => {
                self.observed_committed(place, seen, out);
                None
            }
            Stage::Reversible(_) => match standing {
                Standing::Untouched => None,
                Standing::Starting => self.observed_starting(place, seen, out),
                Standing::Serving => self.observed_serving(place, seen, out),
                Standing::Final => self.observed_final(place, seen),
            },
            Stage::Planned | Stage::Ended(_) => None,
        };
        self.see_drained(place, seen);
        if let Some(cause) = found {
            return self.fail_host(place, cause, out);
        }
        if self.hosts[place as usize] != before || self.proven != proven {
            out.changed = true;
            if !self.is_finished() {
                self.settle(place, out);
            }
        }
    }

    /// Keeps the counters as they were before the candidate had traffic.
    fn take_baseline(&mut self, place: u32, seen: &Observation) {
        let host = &mut self.hosts[place as usize];
        let routed = host
            .asked
            .range(Task::Route(0)..=Task::Route(u8::MAX))
            .next()
            .is_some();
        let known = host.baseline;
        if !routed
            && !host.asked.contains(&Task::Hot(HotWork::Install))
            && known.is_none_or(|known| known.epoch != seen.traffic.epoch)
        {
            host.baseline = Some(seen.traffic);
        }
    }

    /// Notes that stable has no client left on a host that drains.
    fn see_drained(&mut self, place: u32, seen: &Observation) {
        let forward = matches!(self.stage, Stage::Reversible(_) | Stage::Committed(_));
        let host = &mut self.hosts[place as usize];
        let told = host.aside.is_none() && host.done.contains(&Task::Drain);
        if forward && told && seen.traffic.stable.open == 0 && self.work() == Some(Work::Drain) {
            self.hosts[place as usize].passed = true;
        }
    }
}
