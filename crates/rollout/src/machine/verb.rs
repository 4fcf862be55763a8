//! What a person wants besides an abort. Each is safe twice, and nothing where it makes no sense.

use crate::event::Extent;
use crate::machine::Outcome;
use crate::plan::Work;
use crate::seen::WaitFor;
use crate::state::{Rollout, Stage};

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
        if self.full {
            return;
        }
        self.full = true;
        self.hold = None;
        out.changed = true;
        let skips = self.work().is_some_and(|work| self.is_skipped(work));
        // A weight that is being set is acknowledged first.
        let sets = matches!(self.work(), Some(Work::Weight(_)));
        if skips && !sets {
            self.forget_errands();
            self.release(out);
            self.at.answered = true;
        } else if matches!(
            self.waiting.as_ref().map(|waiting| &waiting.what),
            Some(WaitFor::Person { .. })
        ) {
            self.waiting = None;
        }
    }

    /// Waits for no reply of the operator's side any more.
    fn forget_errands(&mut self) {
        self.outstanding.retain(|_, asked| asked.host.is_some());
    }

    fn release(&mut self, out: &mut Outcome) {
        self.at.released = true;
        self.waiting = None;
        out.changed = true;
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
        let person = |what: &WaitFor| matches!(what, WaitFor::Person { .. });
        self.waiting = self.waiting.take().filter(|waiting| !person(&waiting.what));
    }

    /// Asks anew for what was refused, or never answered.
    pub(crate) fn retry(&mut self, out: &mut Outcome) {
        let refused = || self.hosts.iter().any(|host| host.refused.is_some());
        if !self.is_finished() && !self.awaits_decision() && (self.halted || refused()) {
            self.resume(None, out);
        }
    }
}
