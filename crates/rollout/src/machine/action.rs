//! What a host is told for a task.

use crate::effect::{Action, Commitment, Share, Turn};
use crate::name::InstanceId;
use crate::plan::{Placement, Purpose, Readiness, Stickiness, Strategy, Version, Work};
use crate::seen::StepRef;
use crate::state::Rollout;
use crate::task::Task;
use crate::tick::Tick;

impl Rollout {
    /// Returns what a host is told for a task; nothing where the plan has nothing to tell.
    pub(crate) fn action(&self, place: u32, task: Task, now: Tick) -> Option<Action> {
        let plan = &self.plan.hosts[place as usize];
        let candidate = &self.plan.candidate.artifact;
        let placed = |i: u16| plan.candidate.get(usize::from(i));
        let fresh = |i: u16| placed(i).map(|placed| placed.instance.clone());
        let old = |i: u16| plan.stable.get(usize::from(i)).cloned();
        let background = |instance, turn| Action::Background { instance, turn };
        Some(match task {
            Task::Clear(i) => Action::Clear {
                instance: plan.clear.get(usize::from(i))?.clone(),
            },
            Task::Start(i) => {
                let placed = placed(i)?;
                Action::Start {
                    instance: placed.instance.clone(),
                    slot: placed.slot,
                    artifact: candidate.clone(),
                    readiness: placed.readiness,
                }
            }
            Task::Run(attempt) => Action::Run {
                instance: fresh(0)?,
                attempt,
            },
            Task::AwaitRun(attempt) => Action::AwaitRun { attempt },
            Task::Quiesce(i) => background(old(i)?, Turn::Quiesce),
            Task::Activate(i) => background(fresh(i)?, Turn::Activate),
            Task::QuiesceBack(i) => background(fresh(i)?, Turn::Quiesce),
            Task::ActivateBack(i) => background(old(i)?, Turn::Activate),
            Task::Route(weight) => self.route(place, weight, now),
            Task::Lease => self.route(place, self.hosts[place as usize].weight?, now),
            Task::RouteFinal => Action::Route {
                shares: self.shares(place, 100),
                commitment: Commitment::Committed,
                testers: None,
                stickiness: self.stickiness(),
            },
            Task::RouteBack => Action::Route {
                shares: self.shares_back(place),
                commitment: Commitment::Committed,
                testers: None,
                stickiness: self.stickiness(),
            },
            Task::Prepare => Action::Prepare,
            Task::Commit => Action::Commit,
            Task::Drain => Action::Drain {
                artifact: self.plan.stable_of(place as usize)?.artifact.clone(),
            },
            Task::DrainBack => Action::Drain {
                artifact: candidate.clone(),
            },
            Task::Keep(i) => self.keep(old(i)?),
            Task::Leave => Action::Ready { ready: false },
            Task::Return => Action::Ready { ready: true },
            Task::Vacate(i) => Action::Stop { instance: old(i)? },
            Task::Restore(i) => {
                let instance = old(i)?;
                Action::Start {
                    slot: instance.slot(),
                    instance,
                    artifact: self.plan.stable_of(place as usize)?.artifact.clone(),
                    readiness: self.kept(place),
                }
            }
            Task::Stop(i) => self.stop(place, placed(i)?),
            Task::Hook(step) => Action::Hook {
                hook: self.hook_of(step)?,
                instance: self.instance_of_hook(place)?,
            },
            Task::Measure(..) => return None,
            Task::Hot(work) => Action::Hot {
                work,
                instances: plan.candidate_ids(),
            },
            Task::HotBack => Action::HotBack {
                instances: plan.candidate_ids(),
            },
        })
    }

    fn route(&self, place: u32, weight: u8, now: Tick) -> Action {
        let stable = self.plan.stable_of(place as usize);
        let commitment = match stable.filter(|_| self.keeps_stable(place)) {
            Some(stable) => Commitment::Leased {
                ttl_ms: self.lease_ms(now),
                stable: stable.artifact.clone(),
            },
            None => Commitment::Committed,
        };
        let testers = self.previews.then(|| self.plan.candidate.artifact.clone());
        Action::Route {
            shares: self.shares(place, weight),
            commitment,
            testers,
            stickiness: self.stickiness(),
        }
    }

    fn shares(&self, place: u32, weight: u8) -> Vec<Share> {
        let plan = &self.plan.hosts[place as usize];
        let candidate = &self.plan.candidate;
        let mut shares = vec![share(candidate, weight, plan.candidate_ids())];
        if let Some(stable) = self
            .plan
            .stable_of(place as usize)
            .filter(|_| self.keeps_stable(place))
        {
            shares.push(share(stable, 100 - weight.min(100), plan.stable.clone()));
        }
        shares
    }

    /// All to stable. Where there was no room for both, the candidate is gone by then; where the proxy was
    /// never told of it, it may not be there at all.
    fn shares_back(&self, place: u32) -> Vec<Share> {
        let plan = &self.plan.hosts[place as usize];
        let told = self.hosts[place as usize].touched().routed;
        match self.plan.stable_of(place as usize) {
            Some(stable) if !told || !self.keeps_stable(place) => {
                vec![share(stable, 100, plan.stable.clone())]
            }
            _ => self.shares(place, 0),
        }
    }

    fn stickiness(&self) -> Stickiness {
        match &self.plan.strategy {
            Strategy::Canary(canary) => canary.stickiness,
            _ => Stickiness::Off,
        }
    }

    fn keep(&self, instance: InstanceId) -> Action {
        match self.plan.purpose {
            Purpose::Deploy if self.plan.timing.rollback_window_ms > 0 => Action::KeepWarm {
                instance,
                for_ms: self.plan.timing.rollback_window_ms,
            },
            _ => Action::Stop { instance },
        }
    }

    /// Returns what it takes to have stable run again.
    fn kept(&self, place: u32) -> Readiness {
        let stopped = !self.keeps_stable(place)
            || self.plan.purpose == Purpose::Rollback
            || self.plan.timing.rollback_window_ms == 0;
        if stopped {
            Readiness::Stored
        } else {
            Readiness::Warm
        }
    }

    fn stop(&self, place: u32, placed: &Placement) -> Action {
        let instance = placed.instance.clone();
        let warm = self.plan.timing.rollback_window_ms > 0 && !self.may_work_on(place);
        match placed.readiness {
            // It ran before, and is the way back of the version that serves: it stays what it was.
            Readiness::Warm if warm => Action::KeepWarm {
                instance,
                for_ms: self.plan.timing.rollback_window_ms,
            },
            _ => Action::Stop { instance },
        }
    }

    /// Returns the place of the hook that a step runs.
    pub(crate) fn hook_of(&self, step: StepRef) -> Option<u32> {
        match self.step_of(step)?.work {
            Work::Hook(place) => Some(place),
            _ => None,
        }
    }

    /// Returns whose environment a hook gets: the candidate's, or stable's before that is there.
    fn instance_of_hook(&self, place: u32) -> Option<InstanceId> {
        let plan = &self.plan.hosts[place as usize];
        let started = self.hosts[place as usize].asked.contains(&Task::Start(0));
        let candidate = plan.candidate.first().map(|placed| placed.instance.clone());
        let stable = plan.stable.first().cloned();
        if started {
            candidate.or(stable)
        } else {
            stable.or(candidate)
        }
    }
}

fn share(version: &Version, weight: u8, instances: Vec<InstanceId>) -> Share {
    Share {
        artifact: version.artifact.clone(),
        weight,
        instances,
    }
}
