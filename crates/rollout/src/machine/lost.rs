//! A host does not answer: silence is not health.

use crate::cause::Cause;
use crate::host::Standing;
use crate::machine::Outcome;
use crate::plan::Work;
use crate::state::{Rollout, Stage};

impl Rollout {
    pub(crate) fn lost(&mut self, place: u32, detail: String, out: &mut Outcome) {
        if self.is_finished() || self.stage == Stage::Planned {
            return;
        }
        let orphan_timeout_ms = self.plan.timing.orphan_timeout_ms;
        let reversible = matches!(self.stage, Stage::Reversible(_));
        // What it was told may take as long as any step; and nobody is in a hurry while a person is waited
        // for, for its weights are leased until then.
        let patient = self.waiting.is_some()
            || matches!(
                self.work(),
                Some(Work::Weight(_) | Work::Preview | Work::Hot(_))
            ) && self.pending.contains(&place);
        let host = &mut self.hosts[place as usize];
        let before = host.clone();
        let since = host.lost.get_or_insert((out.now, detail.clone())).0;
        let lost_ms = out.now.since(since);
        if reversible && host.aside.is_none() {
            match host.standing {
                Standing::Starting => {
                    host.reset_gates();
                    self.unready.insert(place);
                }
                Standing::Serving | Standing::Final if lost_ms >= orphan_timeout_ms && !patient => {
                    let host = self.plan.hosts[place as usize].host.clone();
                    let asked = "tell how the candidate does".into();
                    let cause = Cause::Unreachable {
                        host,
                        asked,
                        detail,
                    };
                    return self.fail_host(place, cause, out);
                }
                _ => {}
            }
        }
        if self.hosts[place as usize] != before {
            out.changed = true;
            self.settle(place, out);
        }
        let jobs = matches!(self.work(), Some(Work::QuiesceBack | Work::ActivateBack));
        // It has that time from when it was asked, also where it was silent before.
        let silent_ms = out.now.since(since.max(self.since));
        if jobs && silent_ms >= orphan_timeout_ms && self.pending.contains(&place) {
            self.pass_over(place, out);
        }
    }
}
