//! What a person wants besides an abort. Each is safe twice, and nothing where it makes no sense.

use crate::event::Extent;
use crate::machine::Outcome;
use crate::plan::Work;
use crate::seen::WaitFor;
use crate::state::{Rollout, Stage};
use crate::task::Task;

impl Rollout {
    pub(crate) fn promote(&mut self, extent: Extent, out: &mut Outcome) {
        if !matches!(self.stage, Stage::Reversible(_)) || self.awaits_decision() {
            return;
        }
        match extent {
            Extent::Next => self.promote_next(out),
            Extent::Full => self.promote_full(out),
        }
    }

    fn promote_next(&mut self, out: &mut Outcome) {
        match self.waiting.as_ref().map(|waiting| &waiting.what) {
            Some(WaitFor::Promotion | WaitFor::Inconclusive { .. }) => self.release(out),
            Some(WaitFor::Person { .. }) => self.carry_on(out),
            Some(WaitFor::Hook { .. } | WaitFor::Command) => {}
            None => self.skip_pause(out),
        }
    }

    /// Ends a timed pause, or one that comes back after health is proven anew.
    fn skip_pause(&mut self, out: &mut Outcome) {
        if let Some(Work::Pause { .. }) = self.work() {
            return self.release(out);
        }
        let Some(last) = self.detour.back_mut() else {
            return;
        };
        let step = self.plan.steps.get(*last as usize);
        if step.is_some_and(|step| matches!(step.work, Work::Pause { .. })) {
            *last += 1;
            out.changed = true;
        }
    }

    fn promote_full(&mut self, out: &mut Outcome) {
        if self.full && self.hold.is_none() && self.waiting.is_none() {
            return;
        }
        self.full = true;
        self.hold = None;
        out.changed = true;
        let skips = self.work().is_some_and(|work| self.is_skipped(work));
        // A weight that is being set is acknowledged first.
        let sets = matches!(self.work(), Some(Work::Weight(_)));
        if skips && !sets {
            self.forget_hook(out);
            self.release(out);
            self.at.answered = true;
        } else if matches!(
            self.waiting.as_ref().map(|waiting| &waiting.what),
            Some(WaitFor::Person { .. })
        ) {
            self.end_wait(out);
        }
    }

    /// Waits for no hook and no metric any more.
    fn forget_hook(&mut self, out: &mut Outcome) {
        self.outstanding.retain(|_, asked| asked.host.is_some());
        let (Some(Work::Hook(_)), Some(step)) = (self.work(), self.step_ref()) else {
            return;
        };
        let task = Task::Hook(step);
        self.outstanding.retain(|_, asked| asked.task != task);
        for place in self.hosts_of_step() {
            let host = &mut self.hosts[place as usize];
            host.awaited.remove(&task);
            host.finish(task, out.now);
            self.settle(place, out);
        }
    }

    fn release(&mut self, out: &mut Outcome) {
        self.at.released = true;
        self.end_wait(out);
    }

    pub(crate) fn pause(&mut self, by: String, why: Option<String>, out: &mut Outcome) {
        let free = self.hold.is_none() && self.waiting.is_none();
        if matches!(self.stage, Stage::Reversible(_)) && free {
            self.hold = Some((by, why));
            out.changed = true;
        }
    }

    pub(crate) fn carry_on(&mut self, out: &mut Outcome) {
        if self.hold.take().is_none() {
            return;
        }
        out.changed = true;
        let waiting = self.waiting.as_ref().map(|waiting| &waiting.what);
        if matches!(waiting, Some(WaitFor::Person { .. })) {
            self.end_wait(out);
        }
    }

    /// Asks anew for what was refused, or never answered.
    pub(crate) fn retry(&mut self, out: &mut Outcome) {
        let refused = || self.hosts.iter().any(|host| host.refused.is_some());
        if !self.is_finished() && !self.awaits_decision() && (self.halted || refused()) {
            self.resume(None, out);
        }
    }
}
