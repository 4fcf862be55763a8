//! The time of a step is up.

use crate::cause::{Cause, CommandEnd};
use crate::host::Standing;
use crate::machine::Outcome;
use crate::plan::{HotWork, Work};
use crate::seen::Waiting;
use crate::state::{Rollout, Stage};
use crate::task::Task;

impl Rollout {
    pub(crate) fn wake_up(&mut self, out: &mut Outcome) {
        if self.is_halted() {
            return;
        }
        if let Some(Waiting {
            what,
            since,
            until: Some(until),
        }) = &self.waiting
        {
            if *until <= out.now {
                let cause = Cause::PauseExpired {
                    waited_for: what.to_string(),
                    waited_ms: until.since(*since),
                };
                self.give_up(cause, out);
            }
            return;
        }
        match self.work() {
            Some(Work::Drain | Work::DrainBack) => self.drains_end(out),
            Some(Work::Analysis(_)) => self.look(out),
            _ => {}
        }
        if self.deadline().is_some_and(|deadline| deadline <= out.now) {
            self.overdue(out);
        }
    }

    /// What drained for long enough was cut, and is over.
    fn drains_end(&mut self, out: &mut Outcome) {
        let told = self.at.told;
        if told.is_some_and(|told| told.after(self.drain_ms()) <= out.now) {
            self.at.told = None;
            for place in self.pending.clone() {
                self.settle(place, out);
            }
        }
    }

    fn overdue(&mut self, out: &mut Outcome) {
        let Some(work) = self.work() else {
            return;
        };
        let over = self.pending.is_empty();
        match (self.stage, work) {
            (_, Work::Hook(_)) => self.hook_overdue(out),
            (Stage::Reversible(_), Work::Command) => self.await_decision(out),
            (Stage::Reversible(_), _) => self.reversible_overdue(out),
            // What is prepared keeps its weights until it is told.
            (Stage::Committed(_), Work::Commit { .. } | Work::Hot(HotWork::Commit)) => {
                self.halted = true;
            }
            (Stage::Committed(_), _) if !over => self.committed_overdue(out),
            (Stage::Reverting(_), _) if !over => self.reverting_overdue(work, out),
            _ => {}
        }
    }

    fn hook_overdue(&mut self, out: &mut Outcome) {
        let Some(step) = self.step_ref() else {
            return;
        };
        self.forget_outstanding();
        self.at.answered = true;
        for place in std::mem::take(&mut self.pending) {
            let task = crate::task::Task::Hook(step);
            self.hosts[place as usize].finish(task, out.now);
        }
        self.hook_failed(step, "it did not end in time".into(), out);
    }

    fn reversible_overdue(&mut self, out: &mut Outcome) {
        for place in self.pending.clone() {
            if !matches!(self.stage, Stage::Reversible(_)) {
                return;
            }
            let cause = self.overdue_cause(place, out);
            self.fail_host(place, cause, out);
        }
    }

    fn committed_overdue(&mut self, out: &mut Outcome) {
        for place in self.pending.clone() {
            if !self.has_budget() {
                self.halted = true;
                return;
            }
            let why = self.overdue_cause(place, out).to_string();
            self.set_aside(place, why, out);
        }
    }

    /// On the way back nobody waits for a host for longer than a step may take (invariant I6).
    fn reverting_overdue(&mut self, work: Work, out: &mut Outcome) {
        for place in self.pending.clone() {
            match work {
                Work::QuiesceBack | Work::ActivateBack => self.pass_over(place, out),
                Work::AwaitCommand => {
                    self.command.end = Some(CommandEnd::Unknown);
                    self.pass_over(place, out);
                }
                _ => {
                    let why = self.overdue_cause(place, out).to_string();
                    self.leave_behind(place, why, out);
                }
            }
        }
    }

    /// Goes back without a host: it takes part in no later step, and is named at the end. Leased weights
    /// return to stable by themselves (invariant I7).
    pub(crate) fn leave_behind(&mut self, place: u32, why: String, out: &mut Outcome) {
        let why = self.with_what_stays(place, why);
        self.forget_host(place);
        self.pending.remove(&place);
        self.note(why.clone());
        let host = &mut self.hosts[place as usize];
        // No failure budget is asked: there is no other way.
        self.failed += usize::from(host.aside.is_none());
        host.aside.get_or_insert_with(|| why.clone());
        host.refused.get_or_insert(why);
        host.passed = false;
        out.changed = true;
    }

    /// Adds what a person has to do where the candidate keeps its traffic: only a lease ends by itself.
    fn with_what_stays(&self, place: u32, why: String) -> String {
        let host = &self.hosts[place as usize];
        let firm = host.standing == Standing::Final || host.asked.contains(&Task::Prepare);
        match self.plan.stable_of(place as usize) {
            Some(stable) if firm && !host.done.contains(&Task::RouteBack) => format!(
                "{why}; it keeps {} until it is told: deploy {} once it answers",
                self.plan.candidate.artifact.short(),
                stable.artifact.short()
            ),
            _ => why,
        }
    }

    /// Goes on with the next step of a host: background work, say, never holds the way back up.
    pub(crate) fn pass_over(&mut self, place: u32, out: &mut Outcome) {
        let cause = self.overdue_cause(place, out).to_string();
        self.forget_host(place);
        self.note(cause);
        self.pending.remove(&place);
        out.changed = true;
    }

    /// Names what kept a host from being done with the step.
    fn overdue_cause(&self, place: u32, out: &Outcome) -> Cause {
        let plan = &self.plan.hosts[place as usize];
        let host = &self.hosts[place as usize];
        let work = self.work();
        let unreachable = |asked: String, detail: String| Cause::Unreachable {
            host: plan.host.clone(),
            asked,
            detail,
        };
        let lost = host.lost.as_ref().map(|(_, detail)| detail.clone());
        let tasks = work.map_or_else(Vec::new, |work| self.tasks_of_step(place, work));
        let undone = tasks
            .into_iter()
            .chain(host.lease_anew.then_some(crate::task::Task::Lease))
            .find(|task| !host.done.contains(task));
        if let Some(task) = undone {
            let action = self.action(place, task, out.now);
            let asked = action.map_or_else(String::new, |action| action.to_string());
            let detail = host.refused.clone().or(lost);
            return unreachable(asked, detail.unwrap_or_else(|| "no answer yet".into()));
        }
        if let Some(detail) = lost {
            return unreachable("tell how the candidate does".into(), detail);
        }
        let mut gates = host.gates.iter().zip(&plan.candidate);
        if let (Some(Work::Start), Some((gate, placed))) =
            (work, gates.find(|(gate, _)| !gate.passed))
        {
            let detail = if gate.healthy_since.is_some() {
                "it was healthy, but not for long enough".into()
            } else if gate.detail.is_empty() {
                "its health was never seen".into()
            } else {
                gate.detail.clone()
            };
            return Cause::NotHealthy {
                host: plan.host.clone(),
                instance: placed.instance.clone(),
                detail,
                deadline_ms: self.plan.timing.healthy_deadline_ms,
            };
        }
        unreachable(
            "show a healthy candidate".into(),
            "it was not seen healthy at the end of the watch".into(),
        )
    }
}
