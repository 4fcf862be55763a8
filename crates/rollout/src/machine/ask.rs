//! What a step needs of a host, and whether that is done.

use crate::effect::{Effect, EffectId, Errand};
use crate::machine::Outcome;
use crate::plan::{Job, Work};
use crate::state::{Asked, Rollout, Stage};
use crate::task::Task;

impl Rollout {
    /// Returns what a step needs of one of its hosts.
    pub(crate) fn tasks_of_step(&self, place: u32, work: Work) -> Vec<Task> {
        let plan = &self.plan.hosts[place as usize];
        let host = &self.hosts[place as usize];
        let each = |count: usize, task: fn(u16) -> Task| -> Vec<Task> {
            (0u16..).take(count).map(task).collect()
        };
        let (candidates, stables) = (plan.candidate.len(), plan.stable.len());
        let job = |job: &Option<Job>| usize::from(job.is_some());
        let background = &self.plan.background;
        let leased = self.keeps_stable(place);
        match work {
            Work::Hook(hook) if self.is_of_operator(hook) => Vec::new(),
            Work::Hook(_) => self.step_ref().map(Task::Hook).into_iter().collect(),
            Work::Clear => each(plan.clear.len(), Task::Clear),
            Work::Start => each(candidates, Task::Start),
            Work::Command if self.command.done => Vec::new(),
            Work::Command => vec![Task::Run(self.command.attempt)],
            Work::Quiesce => each(stables * job(&background.quiesce), Task::Quiesce),
            Work::Activate => each(candidates * job(&background.activate), Task::Activate),
            Work::Preview => vec![Task::Route(0)],
            Work::Weight(weight) => vec![Task::Route(weight)],
            Work::Pause { .. } | Work::Analysis(_) | Work::Watch { .. } | Work::Settle { .. } => {
                Vec::new()
            }
            Work::Commit { .. } if !leased => Vec::new(),
            Work::Commit { .. } if !self.at.prepared => vec![Task::Prepare],
            Work::Commit { .. } if host.asked.contains(&Task::RouteFinal) => vec![Task::RouteFinal],
            Work::Commit { .. } => vec![Task::Commit],
            Work::Drain => vec![Task::Drain],
            Work::Keep => each(stables, Task::Keep),
            Work::Leave { .. } => vec![Task::Leave],
            Work::Vacate => each(stables, Task::Vacate),
            Work::Return => {
                let mut tasks = vec![Task::Return];
                // What was passed over while it did not answer.
                if matches!(self.stage, Stage::Reverting(_)) && host.touched().quiesced {
                    let stables = stables * job(&background.activate);
                    tasks.extend(each(stables, Task::ActivateBack));
                }
                tasks
            }
            Work::Hot(work) => vec![Task::Hot(work)],
            Work::AwaitCommand => vec![Task::AwaitRun(self.command.attempt)],
            Work::Restore => each(stables, Task::Restore),
            Work::QuiesceBack => each(candidates * job(&background.quiesce), Task::QuiesceBack),
            // Never beside the candidate's: it begins once the candidate has stopped.
            Work::ActivateBack if leased && self.may_work_on(place) => Vec::new(),
            Work::ActivateBack => each(stables * job(&background.activate), Task::ActivateBack),
            Work::RouteBack => vec![Task::RouteBack],
            Work::DrainBack => vec![Task::DrainBack],
            Work::StopBack => {
                let mut tasks = each(candidates, Task::Stop);
                tasks.retain(|task| match task {
                    Task::Stop(instance) => host.asked.contains(&Task::Start(*instance)),
                    _ => true,
                });
                let stopped = tasks.iter().all(|task| host.done.contains(task));
                // What was postponed, or passed over while it did not answer.
                if stopped && leased && host.touched().quiesced {
                    let stables = stables * job(&background.activate);
                    tasks.extend(each(stables, Task::ActivateBack));
                }
                tasks
            }
            Work::HotBack => vec![Task::HotBack],
        }
    }

    /// Says whether stable runs beside the candidate on a host, so that weights are leased there.
    pub(crate) fn keeps_stable(&self, place: u32) -> bool {
        !self.plan.hosts[place as usize].stable.is_empty()
            && !self.hosts[place as usize].asked.contains(&Task::Vacate(0))
    }

    /// Says whether the candidate's background work may still be on, on the way back: it began, and nobody
    /// knows of its end.
    pub(crate) fn may_work_on(&self, place: u32) -> bool {
        let host = &self.hosts[place as usize];
        let mut began = (0u16..).zip(&self.plan.hosts[place as usize].candidate);
        self.plan.background.quiesce.is_some()
            && began.any(|(i, _)| {
                host.asked.contains(&Task::Activate(i))
                    && !host.done.contains(&Task::QuiesceBack(i))
            })
    }

    /// Asks a host for what is missing, and notes whether the step waits for it.
    pub(crate) fn settle(&mut self, place: u32, out: &mut Outcome) {
        let Some((_, step)) = self.current().filter(|_| !self.is_halted()) else {
            return;
        };
        let work = step.work;
        let named = step.hosts.binary_search(&place).is_ok() && self.is_of_step(place);
        let stands_in = match work {
            Work::Hook(hook) if !named => self.stands_in(hook, step) == Some(place),
            _ => false,
        };
        let in_step = named || stands_in;
        let mut over = true;
        if in_step {
            for task in self.tasks_of_step(place, work) {
                over &= self.is_done_or_asked(place, task, out);
            }
            over &= self.has_passed(place, work, out);
        }
        if self.hosts[place as usize].lease_anew {
            over &= self.is_done_or_asked(place, Task::Lease, out);
        }
        let changed = if over {
            self.pending.remove(&place)
        } else {
            self.pending.insert(place)
        };
        out.changed |= changed;
    }

    fn is_done_or_asked(&mut self, place: u32, task: Task, out: &mut Outcome) -> bool {
        let host = &self.hosts[place as usize];
        let done = host.done.contains(&task);
        if !done && host.refused.is_none() && !host.awaited.contains(&task) {
            self.ask(place, task, out);
        }
        done
    }

    /// Says whether a host meets the step's own condition for it.
    fn has_passed(&self, place: u32, work: Work, out: &Outcome) -> bool {
        let host = &self.hosts[place as usize];
        let drained = || {
            let told = host.changed;
            host.passed || told.is_some_and(|told| told.after(self.drain_ms()) <= out.now)
        };
        match work {
            Work::Start => host.is_ready(),
            Work::Restore => host.is_restored(),
            Work::Watch { .. } | Work::Settle { .. } | Work::RouteBack => host.passed,
            Work::Drain | Work::DrainBack => drained(),
            _ => true,
        }
    }

    /// Emits the effect of a task.
    pub(crate) fn ask(&mut self, place: u32, task: Task, out: &mut Outcome) {
        let Some(action) = self.action(place, task, out.now) else {
            return;
        };
        let id = self.next_effect(Some(place), task);
        let host = &mut self.hosts[place as usize];
        if task == Task::Leave {
            host.done.remove(&Task::Return);
        }
        host.asked.insert(task);
        host.awaited.insert(task);
        out.effects.push(Effect::Do {
            id,
            host: self.plan.hosts[place as usize].host.clone(),
            action,
        });
    }

    /// Emits the effect of a task of the coordinator itself.
    pub(crate) fn ask_errand(&mut self, task: Task, errand: Errand, out: &mut Outcome) {
        let id = self.next_effect(None, task);
        out.effects.push(Effect::Ask { id, errand });
    }

    fn next_effect(&mut self, host: Option<u32>, task: Task) -> EffectId {
        let id = EffectId(self.next_id);
        self.next_id += 1;
        self.outstanding.insert(id, Asked { host, task });
        id
    }

    /// Waits for no reply any more: what was asked for may have been done all the same.
    pub(crate) fn forget_outstanding(&mut self) {
        for asked in std::mem::take(&mut self.outstanding).into_values() {
            if let Some(place) = asked.host {
                self.hosts[place as usize].awaited.remove(&asked.task);
            }
        }
    }

    /// The same for one host.
    pub(crate) fn forget_host(&mut self, place: u32) {
        if self.hosts[place as usize].awaited.is_empty() {
            return;
        }
        self.outstanding
            .retain(|_, asked| asked.host != Some(place));
        self.hosts[place as usize].awaited.clear();
    }
}
