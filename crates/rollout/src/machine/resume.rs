//! Takes a rollout up again: whatever was asked for and not answered is asked for again, and health is
//! proven anew before any traffic moves.
//!
//! In a wait whose leases were acknowledged everything stays as it is; what comes after it begins with the
//! proof. Else the rollout goes back to the start of the hosts under way, from there to the weights that
//! they had, and from there to where it was.

use std::collections::VecDeque;

use crate::cause::Cause;
use crate::event::CommandDecision;
use crate::host::Standing;
use crate::machine::Outcome;
use crate::plan::Work;
use crate::seen::{WaitFor, Waiting};
use crate::state::{Rollout, Stage};
use crate::task::Task;

impl Rollout {
    pub(crate) fn resume(&mut self, command: Option<CommandDecision>, out: &mut Outcome) {
        if self.is_finished() {
            return;
        }
        if self.awaits_decision() && !self.decide_command(command, out) {
            return;
        }
        out.changed = true;
        self.forget_outstanding();
        self.halted = false;
        // Whoever goes on has no clock set yet.
        self.wake = None;
        let reverting = matches!(self.stage, Stage::Reverting(_));
        for host in &mut self.hosts {
            // Who was left behind on the way back missed a part of it, and comes not in for the rest.
            if !reverting || host.aside.is_none() {
                host.refused = None;
            }
            host.lost = None;
        }
        match self.stage {
            Stage::Planned => self.go_to(0, out),
            Stage::Reversible(place) => self.resume_reversible(place, out),
            Stage::Committed(_) | Stage::Reverting(_) => self.enter(self.stage, false, out),
            Stage::Ended(_) => {}
        }
        self.resume_aside(out);
    }

    /// A person says what became of the release command; without that nothing changes.
    fn decide_command(&mut self, command: Option<CommandDecision>, out: &mut Outcome) -> bool {
        match command {
            None => return false,
            Some(CommandDecision::Done) => self.command.done = true,
            Some(CommandDecision::Again) => self.command.attempt += 1,
        }
        self.waiting = None;
        out.changed = true;
        true
    }

    fn resume_reversible(&mut self, place: u32, out: &mut Outcome) {
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
                return self.give_up(cause, out);
            }
            if !self.hosts.iter().any(|host| host.lease_anew) {
                return self.resume_wait(out);
            }
        }
        // What was on its way to several steps goes on to the last of them.
        let target = self.detour.back().copied().unwrap_or(place);
        let committing = matches!(self.work(), Some(Work::Commit { .. })) && self.at.prepared;
        if committing || !self.prove_then(target, out) {
            self.detour.clear();
            self.waiting = None;
            self.enter(Stage::Reversible(target), !committing, out);
        }
    }

    /// Stays in a wait, as its leases last.
    fn resume_wait(&mut self, out: &mut Outcome) {
        self.unproven = true;
        if let (Some(Work::Hook(hook)), Some(WaitFor::Hook { .. })) = (
            self.work(),
            self.waiting.as_ref().map(|waiting| &waiting.what),
        ) {
            if self.is_of_operator(hook) {
                self.ask_hook(hook, out);
            }
            for place in self.hosts_of_step() {
                self.settle(place, out);
            }
        }
    }

    /// Goes to a step by way of the start of the hosts under way and their weights; says whether there are
    /// any.
    pub(crate) fn prove_then(&mut self, target: u32, out: &mut Outcome) -> bool {
        let Some(start) = self.start_before(target) else {
            return false;
        };
        let plan = self.plan.clone();
        let hosts = &plan.steps[start as usize].hosts;
        let under_way: Vec<u32> = hosts
            .iter()
            .filter(|place| {
                let host = &self.hosts[**place as usize];
                let standing = host.standing;
                host.aside.is_none() && matches!(standing, Standing::Starting | Standing::Serving)
            })
            .copied()
            .collect();
        if under_way.is_empty() || start == target && !self.has_started(&under_way) {
            return false;
        }
        for place in &under_way {
            let host = &mut self.hosts[*place as usize];
            host.standing = Standing::Starting;
            host.lease_anew = false;
            host.reset_gates();
            self.unready.insert(*place);
        }
        let between = &plan.steps[start as usize..plan.steps.len().min(target as usize + 1)];
        let last = |wanted: &dyn Fn(Work) -> bool| {
            let found = between.iter().rposition(|step| wanted(step.work))?;
            Some(start + u32::try_from(found).ok()?)
        };
        let routed = under_way
            .iter()
            .any(|place| self.hosts[*place as usize].touched().routed);
        let weight = last(&|work| matches!(work, Work::Weight(_) | Work::Preview));
        let weight = weight.filter(|_| routed);
        // All that a commit rests on is looked at again.
        let watch = last(&|work| matches!(work, Work::Watch { .. }));
        let target = watch.filter(|watch| weight.is_some_and(|weight| *watch > weight));
        let target = target.unwrap_or(between_end(start, between.len()));
        self.detour = VecDeque::new();
        self.detour
            .extend(weight.filter(|weight| *weight > start && *weight < target));
        if target > start {
            self.detour.push_back(target);
        }
        self.waiting = None;
        self.enter(Stage::Reversible(start), true, out);
        true
    }

    fn has_started(&self, hosts: &[u32]) -> bool {
        let started = |place: &u32| self.hosts[*place as usize].asked.contains(&Task::Start(0));
        hosts.iter().any(started)
    }

    /// Hosts that were set aside are told again, best effort.
    fn resume_aside(&mut self, out: &mut Outcome) {
        let forward = matches!(self.stage, Stage::Reversible(_) | Stage::Committed(_));
        if self.failed == 0 || !forward {
            return;
        }
        for place in 0..u32::try_from(self.hosts.len()).unwrap_or(u32::MAX) {
            if self.hosts[place as usize].aside.is_some() {
                self.go_back_aside(place, out);
            }
        }
    }
}

fn between_end(start: u32, len: usize) -> u32 {
    start + u32::try_from(len.saturating_sub(1)).unwrap_or(0)
}
