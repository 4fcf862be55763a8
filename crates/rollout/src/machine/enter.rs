//! A step begins: its hosts are asked for what it needs of them.

use crate::host::Standing;
use crate::machine::Outcome;
use crate::plan::{HotWork, Work};
use crate::seen::{StepEnd, StepSeen, WaitFor};
use crate::state::{AtStep, Rollout, Stage};
use crate::task::Task;

impl Rollout {
    /// Begins a step. `anew`: what was done of it before does not count.
    pub(crate) fn enter(&mut self, stage: Stage, anew: bool, out: &mut Outcome) {
        self.close(StepEnd::Interrupted, out);
        let prepared = !anew && self.at.prepared;
        self.stage = stage;
        self.since = out.now;
        self.keep_compared();
        self.at = AtStep {
            prepared,
            ..AtStep::default()
        };
        out.changed = true;
        let Some(step) = self.step_ref() else {
            return;
        };
        self.seen.push(StepSeen {
            step,
            began: out.now,
            ended: None,
            end: None,
            notes: Vec::new(),
        });
        let Some(work) = self.work() else {
            return;
        };
        for place in self.hosts_of_step() {
            self.begin_on_host(place, work, anew);
        }
        self.begin_beside(work, out);
        self.await_hosts(out);
    }

    /// Returns the hosts that the step is about: those set aside only on the way back, and only until they
    /// did not answer there either.
    pub(crate) fn hosts_of_step(&self) -> Vec<u32> {
        let Some((_, step)) = self.current() else {
            return Vec::new();
        };
        if let Work::Hook(hook) = step.work
            && let Some(place) = self.stands_in(hook, step)
        {
            return vec![place];
        }
        let wanted = |place: &&u32| self.is_of_step(**place);
        step.hosts.iter().filter(wanted).copied().collect()
    }

    /// Says whether a host takes part in what is done now.
    pub(crate) fn is_of_step(&self, place: u32) -> bool {
        let host = &self.hosts[place as usize];
        let reverting = matches!(self.stage, Stage::Reverting(_));
        host.aside.is_none() || reverting && host.refused.is_none()
    }

    fn begin_on_host(&mut self, place: u32, work: Work, anew: bool) {
        if anew {
            let tasks = self.tasks_of_step(place, work);
            let host = &mut self.hosts[place as usize];
            for task in &tasks {
                // Steps at the end make up for it where it is not done; they do not do it again.
                if !matches!(task, Task::ActivateBack(_)) || work == Work::ActivateBack {
                    host.done.remove(task);
                }
            }
        }
        let host = &mut self.hosts[place as usize];
        host.passed = false;
        host.counted = None;
        for gate in host.gates.iter_mut().chain(&mut host.stable_gates) {
            gate.streak = 0;
        }
        match work {
            Work::Start => {
                host.standing = Standing::Starting;
                if !host.is_ready() {
                    self.unready.insert(place);
                }
            }
            Work::Preview | Work::Weight(_) | Work::Hot(HotWork::Install) => {
                host.standing = Standing::Serving;
                self.unready.remove(&place);
            }
            Work::Restore if anew => host.stable_gates.iter_mut().for_each(|gate| gate.reset()),
            _ => {}
        }
    }

    /// Begins what a step does besides asking hosts.
    fn begin_beside(&mut self, work: Work, out: &mut Outcome) {
        match work {
            Work::Hook(place) if self.is_of_operator(place) => self.ask_hook(place, out),
            Work::Pause { for_ms: None } => self.begin_wait(WaitFor::Promotion, out),
            Work::Analysis(place) => self.begin_judging(place, out),
            Work::Hot(HotWork::Commit) => {
                let (Stage::Reversible(at) | Stage::Committed(at)) = self.stage else {
                    return;
                };
                if !self.decided && self.plan.decision() == Some(at as usize) {
                    self.decide(out);
                }
            }
            _ => {}
        }
    }

    /// Asks every host of the step for what is missing, and notes those that it waits for.
    pub(crate) fn await_hosts(&mut self, out: &mut Outcome) {
        self.pending
            .retain(|place| self.hosts[*place as usize].lease_anew);
        for place in self.hosts_of_step() {
            self.settle(place, out);
        }
    }
}
