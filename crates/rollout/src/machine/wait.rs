//! Waits for what only a person, or somebody's hook, can give. The weights of that time are leased until
//! its end, so that nobody needs to be attached.

use crate::host::Standing;
use crate::machine::Outcome;
use crate::seen::{WaitFor, Waiting};
use crate::state::Rollout;
use crate::task::Task;

impl Rollout {
    pub(crate) fn begin_wait(&mut self, what: WaitFor, out: &mut Outcome) {
        let until = match what {
            // Nothing is leased then, and nobody is there to give it up.
            WaitFor::Command => None,
            _ => Some(out.now.after(self.plan.timing.pause_max_ms)),
        };
        let leases = until.is_some();
        self.waiting = Some(Waiting {
            what,
            since: out.now,
            until,
        });
        out.changed = true;
        if !leases {
            return;
        }
        for place in 0..u32::try_from(self.hosts.len()).unwrap_or(u32::MAX) {
            let leased = self.keeps_stable(place);
            let host = &mut self.hosts[place as usize];
            let serves = host.standing == Standing::Serving && host.aside.is_none();
            if leased && serves && host.weight.is_some() {
                host.lease_anew = true;
                host.done.remove(&Task::Lease);
                self.settle(place, out);
            }
        }
    }

    /// Ends a wait. What its step still waits for has its time from now on.
    pub(crate) fn end_wait(&mut self, out: &mut Outcome) {
        self.waiting = None;
        self.since = out.now;
        out.changed = true;
    }
}
