//! Replies to effects.

use crate::cause::{Cause, CommandEnd};
use crate::effect::EffectId;
use crate::event::{Reply, RunOutcome};
use crate::machine::Outcome;
use crate::plan::{HotWork, Work};
use crate::seen::WaitFor;
use crate::state::{Rollout, Stage};
use crate::task::Task;

impl Rollout {
    pub(crate) fn reply(&mut self, id: EffectId, reply: Reply, out: &mut Outcome) {
        let Some(asked) = self.outstanding.get(&id).copied() else {
            return;
        };
        let Some(place) = asked.host else {
            return self.reply_of_operator(id, asked.task, reply, out);
        };
        if let Reply::Unknown { detail } = reply {
            return self.unknown(place, asked.task, detail, out);
        }
        if let (Task::Hook(step), Some(refusal)) = (asked.task, refusal(&reply))
            && self.hook_may_agree_later(step)
        {
            return self.hook_waits(step, refusal, out);
        }
        self.outstanding.remove(&id);
        out.changed = true;
        let host = &mut self.hosts[place as usize];
        host.awaited.remove(&asked.task);
        host.lost = None;
        if host.aside.is_some() && !matches!(self.stage, Stage::Reverting(_)) {
            self.reply_aside(place, asked.task, &reply, out);
            return;
        }
        match reply {
            Reply::Done { .. } => self.done(place, asked.task, out),
            Reply::Ran(outcome) => self.ran(place, asked.task, outcome, out),
            Reply::Refused { detail } => self.refused(place, asked.task, detail, out),
            // A metric is asked of the coordinator itself.
            Reply::Measured(_) | Reply::Unknown { .. } => {}
        }
        if !self.is_finished() {
            self.settle(place, out);
        }
    }

    /// It is being asked for again.
    fn unknown(&mut self, place: u32, task: Task, detail: String, out: &mut Outcome) {
        if let Task::Hook(step) = task
            && self.hook_may_agree_later(step)
        {
            return self.hook_waits(step, detail, out);
        }
        let host = &mut self.hosts[place as usize];
        if host.lost.is_none() {
            host.lost = Some((out.now, detail));
            out.changed = true;
        }
    }

    fn done(&mut self, place: u32, task: Task, out: &mut Outcome) {
        self.hosts[place as usize].finish(task, out.now);
        self.at.told = Some(out.now);
        match task {
            Task::AwaitRun(_) => self.command.end = Some(CommandEnd::NotBegun),
            Task::Run(_) => self.command.done = true,
            Task::Hook(_) => self.hook_agrees(out),
            _ => {}
        }
    }

    fn ran(&mut self, place: u32, task: Task, outcome: RunOutcome, out: &mut Outcome) {
        match (task, outcome) {
            (Task::AwaitRun(_), outcome) => {
                self.hosts[place as usize].finish(task, out.now);
                self.command.end = Some(match outcome {
                    RunOutcome::Finished { exit, .. } => CommandEnd::Exited { exit },
                    RunOutcome::Unknown => CommandEnd::Unknown,
                });
            }
            (_, RunOutcome::Finished { exit: 0, .. }) => self.done(place, task, out),
            (Task::Run(_), RunOutcome::Finished { exit, output }) => {
                self.hosts[place as usize].finish(task, out.now);
                self.give_up(Cause::CommandFailed { exit, output }, out);
            }
            (Task::Run(_), RunOutcome::Unknown) => self.await_decision(out),
            (task, outcome) if task.runs_something() => {
                self.not_done(place, task, failure(outcome), out);
            }
            (task, outcome) => self.refused(place, task, failure(outcome), out),
        }
    }

    /// A hook or background work failed on a host.
    fn not_done(&mut self, place: u32, task: Task, detail: String, out: &mut Outcome) {
        let id = &self.plan.hosts[place as usize].host;
        if let Task::Hook(step) = task {
            let detail = format!("{detail} (on {id})");
            self.hosts[place as usize].finish(task, out.now);
            return self.hook_failed(step, detail, out);
        }
        let action = self.action(place, task, out.now);
        let asked = action.map_or_else(String::new, |action| action.to_string());
        if matches!(self.stage, Stage::Reversible(_)) {
            let host = id.clone();
            return self.fail_host(
                place,
                Cause::JobFailed {
                    host,
                    asked,
                    detail,
                },
                out,
            );
        }
        self.note(format!("{id} could not {asked}: {detail}"));
        self.hosts[place as usize].finish(task, out.now);
    }

    fn refused(&mut self, place: u32, task: Task, detail: String, out: &mut Outcome) {
        let late = matches!(self.stage, Stage::Committed(_) | Stage::Reverting(_));
        if task == Task::Leave && !late {
            // It did nothing, so there is nothing to come back from.
            self.hosts[place as usize].asked.remove(&task);
        }
        match task {
            // There is no path that could fail: nobody sends it away for want of one.
            Task::Leave if late => self.hosts[place as usize].finish(task, out.now),
            // A proxy that forgot what it promised is told the whole.
            Task::Commit => {
                self.hosts[place as usize].asked.insert(Task::RouteFinal);
            }
            Task::Hook(_) => self.not_done(place, task, detail, out),
            Task::QuiesceBack(_) | Task::ActivateBack(_) if late => {
                self.not_done(place, task, detail, out);
            }
            // There is nothing to drain or to keep.
            Task::Drain | Task::DrainBack if late || self.work() == Some(Work::Drain) => {
                self.hosts[place as usize].passed = true;
                self.hosts[place as usize].finish(task, out.now);
            }
            Task::Keep(_) if late || self.work() == Some(Work::Keep) => {
                self.hosts[place as usize].finish(task, out.now);
            }
            // A node that was started anew since runs the old code again, and no try changes that: the
            // host is behind, and the next deploy brings it in line.
            Task::Hot(HotWork::Commit) if self.decided => {
                self.set_aside(place, detail, out);
                self.go_back_aside(place, out);
            }
            _ if late => self.hosts[place as usize].refused = Some(detail),
            _ => {
                let action = self.action(place, task, out.now);
                let asked = action.map_or_else(String::new, |action| action.to_string());
                let host = self.plan.hosts[place as usize].host.clone();
                self.fail_host(
                    place,
                    Cause::Refused {
                        host,
                        asked,
                        detail,
                    },
                    out,
                );
            }
        }
    }

    /// Nobody saw the end of the release command: a person has to look what it did.
    pub(crate) fn await_decision(&mut self, out: &mut Outcome) {
        self.forget_outstanding();
        self.begin_wait(WaitFor::Command, out);
        self.halted = true;
    }
}

/// Returns the words of a reply that is not a good one.
fn refusal(reply: &Reply) -> Option<String> {
    match reply {
        Reply::Refused { detail } => Some(detail.clone()),
        Reply::Ran(RunOutcome::Finished { exit: 0, .. }) => None,
        Reply::Ran(outcome) => Some(failure(outcome.clone())),
        Reply::Done { .. } | Reply::Measured(_) | Reply::Unknown { .. } => None,
    }
}

pub(crate) fn failure(outcome: RunOutcome) -> String {
    match outcome {
        RunOutcome::Finished { exit, output } if output.trim().is_empty() => {
            format!("it ended with exit code {exit}")
        }
        RunOutcome::Finished { exit, output } => {
            format!("it ended with exit code {exit}: {}", output.trim_end())
        }
        RunOutcome::Unknown => "nobody saw its end".into(),
    }
}
