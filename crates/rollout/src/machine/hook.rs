//! Hooks: those of the operator's side, and what the failure of any of them means.

use crate::cause::Cause;
use crate::effect::{EffectId, Errand};
use crate::event::{Reply, RunOutcome};
use crate::machine::Outcome;
use crate::machine::reply::failure;
use crate::plan::{HookRun, HookSite, OnFailure, Step, Work};
use crate::seen::{StepRef, WaitFor};
use crate::state::{Rollout, Stage};
use crate::task::Task;

impl Rollout {
    /// Says whether a hook, by its place in the plan, is not run by hosts.
    pub(crate) fn is_of_operator(&self, place: u32) -> bool {
        let run = self.plan.hooks.get(place as usize).map(|hook| &hook.run);
        match run {
            Some(HookRun::Command { site, .. }) => *site == HookSite::Operator,
            Some(HookRun::Webhook { .. }) | None => true,
        }
    }

    /// Returns the host that runs the hook of a step in the place of those that it names, where all of these
    /// were set aside: the next one of the batch, or of the fleet. A hook that has to agree, or that is for
    /// the first host, is never passed unasked.
    pub(crate) fn stands_in(&self, hook: u32, step: &Step) -> Option<u32> {
        if step.hosts.is_empty() || step.hosts.iter().any(|place| self.is_of_step(*place)) {
            return None;
        }
        let hook = self.plan.hooks.get(hook as usize)?;
        let first = matches!(
            hook.run,
            HookRun::Command {
                site: HookSite::FirstHost,
                ..
            }
        );
        if !first && !hook.point.waits() {
            return None;
        }
        let batch = self.plan.steps.iter().find(|other| {
            step.batch.is_some() && other.batch == step.batch && other.hosts.len() > 1
        });
        let batch = batch.map_or(&[][..], |batch| &batch.hosts);
        let fleet = (0u32..).take(self.hosts.len());
        let mut next = batch.iter().copied().chain(fleet);
        next.find(|place| self.is_of_step(*place))
    }

    /// Has the hook that is asked now asked of those that take the place of one that was set aside.
    pub(crate) fn ask_others(&mut self, out: &mut Outcome) {
        if matches!(self.work(), Some(Work::Hook(_))) {
            for place in self.hosts_of_step() {
                self.settle(place, out);
            }
        }
    }

    pub(crate) fn ask_hook(&mut self, hook: u32, out: &mut Outcome) {
        if let Some(step) = self.step_ref() {
            self.ask_errand(Task::Hook(step), Errand::Hook { hook }, out);
        }
    }

    pub(crate) fn reply_of_operator(
        &mut self,
        id: EffectId,
        task: Task,
        reply: Reply,
        out: &mut Outcome,
    ) {
        match task {
            Task::Measure(metric, _) => self.measured(id, metric, reply, out),
            Task::Hook(step) => self.hook_replied(id, step, reply, out),
            _ => {}
        }
    }

    fn hook_replied(&mut self, id: EffectId, step: StepRef, reply: Reply, out: &mut Outcome) {
        let failed = match reply {
            Reply::Done { .. } | Reply::Ran(RunOutcome::Finished { exit: 0, .. }) => None,
            // It is being asked for again.
            Reply::Unknown { .. } if !self.hook_may_agree_later(step) => return,
            Reply::Unknown { detail } | Reply::Refused { detail } => Some(detail),
            Reply::Ran(outcome) => Some(failure(outcome)),
            Reply::Measured(_) => return,
        };
        if let Some(detail) = &failed
            && self.hook_may_agree_later(step)
        {
            return self.hook_waits(step, detail.clone(), out);
        }
        self.outstanding.remove(&id);
        out.changed = true;
        self.at.answered = true;
        match failed {
            None => self.hook_agrees(out),
            Some(detail) => self.hook_failed(step, detail, out),
        }
    }

    /// Says whether a refusal of a step's hook means that it is asked again.
    pub(crate) fn hook_may_agree_later(&self, step: StepRef) -> bool {
        let hook = self.hook_of(step);
        let hook = hook.and_then(|place| self.plan.hooks.get(place as usize));
        matches!(self.stage, Stage::Reversible(_)) && hook.is_some_and(|hook| hook.point.waits())
    }

    /// A hook has not agreed yet. Whoever calls it goes on calling.
    pub(crate) fn hook_waits(&mut self, step: StepRef, detail: String, out: &mut Outcome) {
        let place = self.hook_of(step);
        let hook = place.and_then(|place| self.plan.hooks.get(place as usize));
        let name = hook.map_or_else(String::new, |hook| hook.name.clone());
        if self.waiting.is_none() {
            self.begin_wait(WaitFor::Hook { name, detail }, out);
        }
    }

    /// A hook agreed: its wait is over.
    pub(crate) fn hook_agrees(&mut self, out: &mut Outcome) {
        let waiting = self.waiting.as_ref().map(|waiting| &waiting.what);
        if matches!(waiting, Some(WaitFor::Hook { .. })) {
            self.end_wait(out);
        }
    }

    /// A hook failed: before the decision that may turn the rollout around, later it never does.
    pub(crate) fn hook_failed(&mut self, step: StepRef, detail: String, out: &mut Outcome) {
        let place = self.hook_of(step);
        let Some(hook) = place.and_then(|place| self.plan.hooks.get(place as usize)) else {
            return;
        };
        let (point, name) = (hook.point, hook.name.clone());
        if hook.on_failure == OnFailure::Abort && matches!(self.stage, Stage::Reversible(_)) {
            let cause = Cause::HookFailed {
                point,
                name,
                detail,
            };
            return self.give_up(cause, out);
        }
        out.changed = true;
        self.note(format!("the {point} hook {name} failed: {detail}"));
    }

    /// Tells something of the current step.
    pub(crate) fn note(&mut self, note: String) {
        if let Some(last) = self.seen.last_mut() {
            last.notes.push(note);
        }
    }
}
