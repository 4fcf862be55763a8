//! Hosts that fail within the budget are set aside: they are told to go back, and nothing waits for them.

use crate::cause::Cause;
use crate::effect::Effect;
use crate::event::{Observation, Reply, RunOutcome};
use crate::host::Standing;
use crate::machine::Outcome;
use crate::plan::{HostPlan, Work};
use crate::state::{Rollout, Stage};
use crate::task::Task;

impl Rollout {
    /// Sets a host aside where the budget puts up with it; else the candidate is given up.
    pub(crate) fn fail_host(&mut self, place: u32, cause: Cause, out: &mut Outcome) {
        if self.may_set_aside(place, &cause) {
            self.set_aside(place, cause.to_string(), out);
            self.go_back_aside(place, out);
            self.ask_others(out);
        } else {
            self.give_up(cause, out);
        }
    }

    fn may_set_aside(&self, place: u32, cause: &Cause) -> bool {
        let first_is_needed =
            place == 0 && self.plan.release_command.is_some() && !self.command.done;
        matches!(self.stage, Stage::Reversible(_))
            && cause.is_of_one_host()
            && self.proven
            && !first_is_needed
            && self.has_budget()
            && self.keeps_available()
    }

    /// Says whether enough is left without one more host, where hosts leave the balancer while they change:
    /// one that is set aside in the middle serves nothing, and others are yet to leave (invariant I1).
    fn keeps_available(&self) -> bool {
        let place = match self.stage {
            Stage::Reversible(place) => place as usize,
            _ => return true,
        };
        let leaving = self.plan.steps.iter().skip(place);
        let leaving = leaving.filter(|step| matches!(step.work, Work::Leave { .. }));
        let Some(away) = leaving.map(|step| step.hosts.len()).max() else {
            return true;
        };
        let of = |hosts: &[HostPlan]| hosts.iter().map(|host| host.stable.len()).sum::<usize>();
        let instances = of(&self.plan.hosts);
        let most = self.plan.hosts.iter().map(|host| host.stable.len()).max();
        let gone = (self.failed + 1 + away) * most.unwrap_or(0);
        let min_available = self.plan.tolerance.min_available;
        instances.saturating_sub(gone) >= min_available.wanted(instances)
    }

    /// Says whether enough take traffic while these leave the balancer on the way back. Hosts that are lost
    /// do not count: nobody keeps them (invariant I1). But one that was told to leave and does not answer may
    /// run all the same, without traffic, and one that is told so now may hear it and leave: that is the
    /// rollout's doing.
    pub(crate) fn bears_leaving(&self, leaving: &[u32]) -> bool {
        let mut instances = 0;
        let mut serving = 0;
        for (place, (plan, host)) in (0u32..).zip(self.plan.hosts.iter().zip(&self.hosts)) {
            let leaves = leaving.binary_search(&place).is_ok();
            let gone = host.is_out() || leaves;
            instances += plan.stable.len();
            serving += if gone { 0 } else { plan.stable.len() };
        }
        serving >= self.plan.tolerance.min_available.wanted(instances)
    }

    /// Says whether one more host may fail, and another one is left.
    pub(crate) fn has_budget(&self) -> bool {
        self.failed < self.plan.budget_left() && self.failed + 1 < self.hosts.len()
    }

    /// Goes on without a host.
    pub(crate) fn set_aside(&mut self, place: u32, why: String, out: &mut Outcome) {
        self.forget_host(place);
        let host = &mut self.hosts[place as usize];
        host.aside = Some(why.clone());
        host.lease_anew = false;
        host.passed = false;
        // The balancer leaves it again, where it had come back already.
        host.done.remove(&Task::Leave);
        host.done.remove(&Task::Return);
        self.failed += 1;
        self.pending.remove(&place);
        self.unready.remove(&place);
        out.changed = true;
        out.effects.push(Effect::SetAside {
            host: self.plan.hosts[place as usize].host.clone(),
            why,
        });
    }

    /// Returns what brings a host back, in order; each part is asked for when the one before is done. One on
    /// which the candidate is final is left as it is: it is behind in nothing but health.
    fn aside_tasks(&self, place: u32) -> Vec<Vec<Task>> {
        let host = &self.hosts[place as usize];
        if host.standing == Standing::Final {
            return Vec::new();
        }
        let plan = &self.plan.hosts[place as usize];
        let touched = host.touched();
        let each = |wanted: bool, count: usize, task: fn(u16) -> Task| -> Vec<Task> {
            (0u16..)
                .take(if wanted { count } else { 0 })
                .map(task)
                .collect()
        };
        let one = |wanted: bool, task: Task| if wanted { vec![task] } else { Vec::new() };
        let (candidates, stables) = (plan.candidate.len(), plan.stable.len());
        let background = &self.plan.background;
        let quiesces = touched.activated && background.quiesce.is_some();
        let activates = touched.quiesced && background.activate.is_some();
        let has_stable = stables > 0;
        let stop: Vec<Task> = each(touched.started, candidates, Task::Stop)
            .into_iter()
            .filter(|task| match task {
                Task::Stop(i) => host.asked.contains(&Task::Start(*i)),
                _ => true,
            })
            .collect();
        if touched.left || touched.vacated {
            return vec![
                one(touched.routed, Task::Leave),
                stop,
                each(touched.vacated, stables, Task::Restore),
                each(activates, stables, Task::ActivateBack),
                one(has_stable, Task::RouteBack),
                one(true, Task::Return),
            ];
        }
        let mut parts = vec![
            one(touched.installed, Task::HotBack),
            each(quiesces, candidates, Task::QuiesceBack),
            each(activates, stables, Task::ActivateBack),
            one(touched.routed && has_stable, Task::RouteBack),
            one(touched.routed && has_stable, Task::DrainBack),
        ];
        parts.push(stop);
        parts
    }

    /// Asks for the next part of what brings a host back.
    pub(crate) fn go_back_aside(&mut self, place: u32, out: &mut Outcome) {
        for part in self.aside_tasks(place) {
            let host = &self.hosts[place as usize];
            let open: Vec<Task> = part
                .iter()
                .filter(|task| !host.done.contains(task) && !host.awaited.contains(task))
                .copied()
                .collect();
            let waits = part.iter().any(|task| match task {
                Task::Restore(_) => !host.is_restored(),
                Task::DrainBack => !host.passed,
                _ => false,
            });
            let awaited = part.iter().any(|task| host.awaited.contains(task));
            for task in &open {
                self.ask(place, *task, out);
            }
            if awaited || waits || !open.is_empty() {
                return;
            }
        }
    }

    /// A host that was set aside replies. What it refuses or fails is passed over.
    pub(crate) fn reply_aside(&mut self, place: u32, task: Task, reply: &Reply, out: &mut Outcome) {
        let done = matches!(
            reply,
            Reply::Done { .. } | Reply::Ran(RunOutcome::Finished { exit: 0, .. })
        );
        let host = &mut self.hosts[place as usize];
        if !done && task == Task::RouteBack {
            // Without it the candidate may still be asked: what runs stays.
            return;
        }
        if !done && task == Task::DrainBack {
            host.passed = true;
        }
        host.finish(task, out.now);
        self.go_back_aside(place, out);
    }

    /// A host that was set aside was looked at.
    pub(crate) fn observed_aside(&mut self, place: u32, seen: &Observation, out: &mut Outcome) {
        if self.hosts[place as usize].asked.contains(&Task::Restore(0)) {
            self.observed_restoring(place, seen, out);
        }
        let drain_ms = self.drain_ms();
        let host = &mut self.hosts[place as usize];
        let cut = host
            .changed
            .is_some_and(|told| told.after(drain_ms) <= out.now);
        if host.done.contains(&Task::DrainBack) && (seen.traffic.candidate.open == 0 || cut) {
            host.passed = true;
        }
        self.go_back_aside(place, out);
    }

    /// Says whether a host that was set aside is still being brought back, as far as it answers: also past
    /// the decision none is left between two versions.
    pub(crate) fn brings_back_aside(&self) -> bool {
        self.failed > 0
            && self.hosts.iter().any(|host| {
                let restores = host.asked.contains(&Task::Restore(0)) && !host.is_restored();
                let drains = host.done.contains(&Task::DrainBack) && !host.passed;
                host.aside.is_some()
                    && host.lost.is_none()
                    && (!host.awaited.is_empty() || restores || drains)
            })
    }
}
