//! Steps that are over end, and the next ones begin.

use crate::cause::Cause;
use crate::effect::Effect;
use crate::host::Standing;
use crate::machine::Outcome;
use crate::phase::Phase;
use crate::plan::{HookPoint, HotWork, Purpose, Work};
use crate::seen::{StepEnd, StepRef, StepSeen, WaitFor};
use crate::state::{Rollout, Stage};
use crate::task::Task;

impl Rollout {
    /// Goes through as many steps as are over.
    pub(crate) fn advance(&mut self, out: &mut Outcome) {
        while !self.is_halted() && self.is_over(out) {
            self.go_on(out);
        }
    }

    /// Says whether nothing more is waited for in this step. The two halves of a commit are told apart here.
    fn is_over(&mut self, out: &mut Outcome) -> bool {
        let Some(work) = self.work() else {
            return false;
        };
        if !self.pending.is_empty() || !self.is_ripe(work, out) {
            return false;
        }
        if let (Work::Commit { decides }, false) = (work, self.at.prepared) {
            self.at.prepared = true;
            self.since = out.now;
            out.changed = true;
            if decides {
                self.decide(out);
            }
            self.await_hosts(out);
            return self.pending.is_empty();
        }
        if matches!(self.stage, Stage::Reversible(_))
            && self.waiting.is_none()
            && let Some((by, why)) = self.hold.clone()
        {
            self.begin_wait(WaitFor::Person { by, why }, out);
        }
        self.waiting.is_none()
    }

    /// Says whether the step's own condition is met, that of its hosts apart.
    fn is_ripe(&self, work: Work, out: &Outcome) -> bool {
        let after = |ms: u64| self.since.after(ms) <= out.now;
        match work {
            Work::Hook(place) => !self.is_of_operator(place) || self.at.answered,
            Work::Pause { for_ms } => self.at.released || for_ms.is_some_and(after),
            Work::Analysis(_) => self.at.released || self.is_judged(),
            Work::Leave { lb_notice_ms } => {
                let told = self.at.told;
                told.is_none_or(|told| told.after(lb_notice_ms) <= out.now)
            }
            Work::Settle { .. } => {
                !self.brings_back_aside() || self.deadline().is_none_or(|end| end <= out.now)
            }
            _ => true,
        }
    }

    /// Ends the step and begins the next one.
    fn go_on(&mut self, out: &mut Outcome) {
        self.leave();
        let skipped = self.full && self.at.released;
        self.close(
            if skipped {
                StepEnd::Skipped
            } else {
                StepEnd::Done
            },
            out,
        );
        let (Stage::Reversible(place) | Stage::Committed(place) | Stage::Reverting(place)) =
            self.stage
        else {
            return;
        };
        let next = self.detour.pop_front().unwrap_or(place + 1);
        if std::mem::take(&mut self.unproven) && self.prove_then(next, out) {
            return;
        }
        self.go_to(next, out);
    }

    /// Notes what is true now that the step is over.
    fn leave(&mut self) {
        let Some((_, step)) = self.current() else {
            return;
        };
        let (work, batched) = (step.work, step.batch.is_some());
        let hosts = match work {
            Work::Commit { .. } | Work::Hot(HotWork::Commit) => step.hosts.clone(),
            _ => Vec::new(),
        };
        for place in hosts {
            let host = &mut self.hosts[place as usize];
            if host.aside.is_none() {
                host.standing = Standing::Final;
            }
        }
        match work {
            Work::Watch { .. } if batched => self.proven = true,
            Work::Hook(_) => {
                if let Stage::Reversible(place) | Stage::Committed(place) = self.stage {
                    self.ran.insert(place);
                }
            }
            _ => {}
        }
    }

    /// Goes to a step; past those that have nothing to do, and by way of the start where health is missing.
    pub(crate) fn go_to(&mut self, mut place: u32, out: &mut Outcome) {
        let plan = self.plan.clone();
        let reverting = matches!(self.stage, Stage::Reverting(_));
        loop {
            if reverting {
                return self.go_back_to(place, out);
            }
            let Some(step) = plan.steps.get(place as usize) else {
                return self.end(out);
            };
            if self.came_before(place, step.work) {
                place += 1;
                continue;
            }
            if self.is_skipped(step.work) {
                self.seen.push(StepSeen {
                    step: StepRef::Plan(place),
                    began: out.now,
                    ended: Some(out.now),
                    end: Some(StepEnd::Skipped),
                    notes: Vec::new(),
                });
                place += 1;
                continue;
            }
            let moves = matches!(step.work, Work::Preview | Work::Weight(_));
            let unready = moves
                && step.hosts.iter().any(|place| {
                    self.unready.contains(place)
                        && self.hosts[*place as usize].standing == Standing::Starting
                });
            if let (true, Some(start)) = (unready, self.start_before(place)) {
                // What became sick meanwhile, say in a long release command, has to be healthy again.
                self.detour.push_front(place);
                return self.enter(Stage::Reversible(start), true, out);
            }
            let stage = if self.decided {
                Stage::Committed(place)
            } else {
                Stage::Reversible(place)
            };
            return self.enter(stage, true, out);
        }
    }

    /// Goes to a step of the way back.
    fn go_back_to(&mut self, place: u32, out: &mut Outcome) {
        let plan = self.way_back.clone();
        let Some(step) = plan.get(place as usize) else {
            return self.end(out);
        };
        if matches!(step.work, Work::Leave { .. }) && !self.bears_leaving(&step.hosts) {
            for place in &step.hosts {
                let why = "without it too few would take traffic (min_available)".to_owned();
                self.leave_behind(*place, why, out);
            }
        }
        self.enter(Stage::Reverting(place), true, out);
    }

    /// Says whether a step that comes again has been done for good.
    fn came_before(&self, place: u32, work: Work) -> bool {
        match work {
            Work::Hook(_) => self.ran.contains(&place),
            Work::Command => self.command.done,
            _ => false,
        }
    }

    /// Says whether a step is left out: by a person's promotion to the end, or for want of a good end.
    pub(crate) fn is_skipped(&self, work: Work) -> bool {
        let waits = |place: u32| {
            let hook = self.plan.hooks.get(place as usize);
            hook.is_some_and(|hook| hook.point.waits())
        };
        let good = self.cause.is_none() && self.failed == 0;
        match work {
            Work::Pause { .. } | Work::Analysis(_) => self.full,
            Work::Weight(weight) => self.full && weight < 100,
            Work::Hook(place) if waits(place) => self.full,
            Work::Hook(place) => {
                let hook = self.plan.hooks.get(place as usize);
                !good && hook.is_some_and(|hook| hook.point == HookPoint::PostDeploy)
            }
            _ => false,
        }
    }

    /// Returns the last step up to a place that starts the candidate.
    pub(crate) fn start_before(&self, place: u32) -> Option<u32> {
        let steps = &self.plan.steps[..self.plan.steps.len().min(place as usize + 1)];
        let start = steps.iter().rposition(|step| step.work == Work::Start)?;
        u32::try_from(start).ok()
    }

    /// Writes the end of the current step down.
    pub(crate) fn close(&mut self, end: StepEnd, out: &Outcome) {
        if let Some(last) = self.seen.last_mut().filter(|last| last.ended.is_none()) {
            last.ended = Some(out.now);
            last.end = Some(end);
        }
    }

    /// Ends the rollout: no step is left.
    fn end(&mut self, out: &mut Outcome) {
        let phase = if let Stage::Reverting(_) = self.stage {
            let behind = self.not_back();
            if behind.is_empty() {
                Phase::Aborted
            } else {
                Phase::Degraded
            }
        } else {
            if self.cause.is_none() && self.failed > 0 {
                let hosts = self.aside();
                self.cause = Some(Cause::HostsAside { hosts });
            }
            match (&self.cause, self.plan.purpose) {
                (Some(_), _) => Phase::Degraded,
                (None, Purpose::Deploy) => Phase::Healthy,
                (None, Purpose::Rollback) => Phase::RolledBack,
            }
        };
        self.stage = Stage::Ended(phase);
        self.forget_outstanding();
        self.pending.clear();
        self.waiting = None;
        out.changed = true;
    }

    /// Returns the hosts whose proxies are not known to be back at stable.
    fn not_back(&self) -> Vec<u32> {
        (0u32..)
            .zip(&self.hosts)
            .filter(|(place, host)| {
                let has_stable = !self.plan.hosts[*place as usize].stable.is_empty();
                let touched = host.touched();
                let routed = has_stable && touched.routed && !host.done.contains(&Task::RouteBack);
                let changed = touched.installed && !host.done.contains(&Task::HotBack);
                let stopped = has_stable && touched.vacated && !host.is_restored();
                let left_behind = host.refused.is_some();
                host.aside.is_some() && (routed || changed || stopped || left_behind)
            })
            .map(|(place, _)| place)
            .collect()
    }

    /// Writes the decision down: from here on only forward.
    pub(crate) fn decide(&mut self, out: &mut Outcome) {
        self.decided = true;
        self.hold = None;
        if let Stage::Reversible(place) = self.stage {
            self.stage = Stage::Committed(place);
        }
        out.effects.push(Effect::Decide {
            artifact: self.plan.candidate.artifact.clone(),
        });
        if let (Purpose::Rollback, Some(stable)) = (self.plan.purpose, &self.plan.stable) {
            out.effects.push(Effect::MarkBad {
                artifact: stable.artifact.clone(),
                why: format!("rolled back to {}", self.plan.candidate.artifact.short()),
            });
        }
    }
}
