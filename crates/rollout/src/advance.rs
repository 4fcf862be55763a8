//! What follows from what is known: tasks are asked for, and stages change when nothing is left to do.

use crate::cause::Cause;
use crate::effect::{Action, Commitment, Effect, EffectId, Share};
use crate::name::HostId;
use crate::phase::Phase;
use crate::plan::{HostPlan, Purpose, Readiness, Version};
use crate::state::{Committed, Host, Reversible, Reverting, Rollout, Stage, StepTime, Task};
use crate::tick::Tick;

/// Time beyond `drain_timeout` for a proxy to cut what is left and to say so.
const DRAIN_GRACE_MS: u64 = 2_000;

impl Rollout {
    /// Goes through as many stages as are complete, and asks for what the last one needs.
    pub(crate) fn advance(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        while !self.is_halted() {
            self.ask(effects);
            match self.successor(now) {
                Some(stage) => {
                    if stage == Stage::Committed(Committed::Committing) {
                        self.decide(effects);
                    }
                    self.enter(stage, now);
                }
                None => break,
            }
        }
    }

    /// Changes the stage. A person sees the step's time from here.
    pub(crate) fn enter(&mut self, stage: Stage, now: Tick) {
        let name = stage.step_name().filter(|name| self.is_step(name));
        if self.stage.step_name() != name || self.times.is_empty() {
            if let Some(last) = self.times.last_mut().filter(|last| last.ended.is_none()) {
                last.ended = Some(now);
            }
            self.times.extend(name.map(|name| StepTime {
                name,
                began: now,
                ended: None,
            }));
        }
        self.stage = stage;
        self.since = now;
        for host in self.hosts.values_mut() {
            host.passed = false;
            for gate in host.gates.values_mut() {
                gate.streak = 0;
            }
        }
    }

    /// Says whether a person was told of a step in the plan, or has to be told of it now.
    fn is_step(&self, name: &str) -> bool {
        name == "revert" || self.plan.steps().iter().any(|step| step.name == name)
    }

    /// Emits an effect for every task of the stage that is neither done nor under way.
    fn ask(&mut self, effects: &mut Vec<Effect>) {
        let plan = self.plan.clone();
        for host_plan in &plan.hosts {
            for task in self.tasks(host_plan) {
                let host = &self.hosts[&host_plan.host];
                let under_way = self
                    .outstanding
                    .values()
                    .any(|(id, other)| *id == host_plan.host && *other == task);
                if host.done.contains(&task) || host.refused.is_some() || under_way {
                    continue;
                }
                let Some(action) = self.action(&host_plan.host, &task) else {
                    continue;
                };
                let id = EffectId(self.next_id);
                self.next_id += 1;
                if let Some(host) = self.hosts.get_mut(&host_plan.host) {
                    host.asked.insert(task.clone());
                }
                self.outstanding.insert(id, (host_plan.host.clone(), task));
                effects.push(Effect::Do {
                    id,
                    host: host_plan.host.clone(),
                    action,
                });
            }
        }
    }

    /// Returns what the stage needs of a host.
    fn tasks(&self, plan: &HostPlan) -> Vec<Task> {
        let host = &self.hosts[&plan.host];
        let has_stable = !plan.stable.is_empty();
        let only = |wanted: bool, task: Task| if wanted { vec![task] } else { Vec::new() };
        let candidates = || plan.candidate.iter();
        match self.stage {
            Stage::Planned | Stage::Ended(_) => Vec::new(),
            Stage::Reversible(stage) => match stage {
                Reversible::Clearing => plan.clear.iter().cloned().map(Task::Clear).collect(),
                Reversible::Starting => candidates()
                    .map(|place| Task::Start(place.instance.clone()))
                    .collect(),
                Reversible::Commanding => only(
                    plan.host == self.plan.hosts[0].host,
                    Task::Run(self.command.attempt),
                ),
                Reversible::Switching => vec![Task::Route],
                Reversible::Preparing => only(has_stable, Task::Prepare),
                Reversible::AwaitingPerson | Reversible::Watching => Vec::new(),
            },
            Stage::Committed(stage) => match stage {
                Committed::Committing if host.asked.contains(&Task::RouteFinal) => {
                    vec![Task::RouteFinal]
                }
                Committed::Committing => only(has_stable, Task::Commit),
                Committed::Draining => only(has_stable, Task::Drain),
                Committed::Keeping => plan.stable.iter().cloned().map(Task::Keep).collect(),
                Committed::Settling => Vec::new(),
            },
            Stage::Reverting(stage) => {
                let touched = has_stable && host.asked.contains(&Task::Route);
                match stage {
                    Reverting::Ending => only(
                        plan.host == self.plan.hosts[0].host,
                        Task::AwaitRun(self.command.attempt),
                    ),
                    Reverting::Routing => only(touched, Task::RouteBack),
                    Reverting::Draining => only(touched, Task::DrainBack),
                    Reverting::Stopping => candidates()
                        .filter(|place| host.asked.contains(&Task::Start(place.instance.clone())))
                        .map(|place| Task::Stop(place.instance.clone()))
                        .collect(),
                }
            }
        }
    }

    /// Returns what a host is told for a task.
    pub(crate) fn action(&self, host_id: &HostId, task: &Task) -> Option<Action> {
        let plan = self.plan.host(host_id)?;
        let stable = self.plan.stable.as_ref();
        let timing = &self.plan.timing;
        let place = |instance| {
            plan.candidate
                .iter()
                .find(|place| &place.instance == instance)
        };
        let share = |version: &Version, weight, instances| Share {
            artifact: version.artifact.clone(),
            weight,
            instances,
        };
        let shares = |candidate: u8| -> Vec<Share> {
            let mut shares = vec![share(&self.plan.candidate, candidate, plan.candidate_ids())];
            if let Some(stable) = stable.filter(|_| !plan.stable.is_empty()) {
                shares.push(share(stable, 100 - candidate, plan.stable.clone()));
            }
            shares
        };
        Some(match task {
            Task::Clear(instance) => Action::Clear {
                instance: instance.clone(),
            },
            Task::Start(instance) => {
                let place = place(instance)?;
                Action::Start {
                    instance: instance.clone(),
                    slot: place.slot,
                    artifact: self.plan.candidate.artifact.clone(),
                    readiness: place.readiness,
                }
            }
            Task::Run(attempt) => Action::Run {
                instance: plan.candidate.first()?.instance.clone(),
                attempt: *attempt,
            },
            Task::AwaitRun(attempt) => Action::AwaitRun { attempt: *attempt },
            Task::Route => Action::Route {
                shares: shares(100),
                commitment: match stable.filter(|_| !plan.stable.is_empty()) {
                    Some(stable) => Commitment::Leased {
                        ttl_ms: timing.orphan_timeout_ms,
                        stable: stable.artifact.clone(),
                    },
                    None => Commitment::Committed,
                },
            },
            Task::RouteFinal => Action::Route {
                shares: shares(100),
                commitment: Commitment::Committed,
            },
            Task::RouteBack => Action::Route {
                shares: shares(0),
                commitment: Commitment::Committed,
            },
            Task::Prepare => Action::Prepare,
            Task::Commit => Action::Commit,
            Task::Drain => Action::Drain {
                artifact: stable?.artifact.clone(),
            },
            Task::DrainBack => Action::Drain {
                artifact: self.plan.candidate.artifact.clone(),
            },
            Task::Keep(instance) => match self.plan.purpose {
                Purpose::Deploy if timing.rollback_window_ms > 0 => Action::KeepWarm {
                    instance: instance.clone(),
                    for_ms: timing.rollback_window_ms,
                },
                _ => Action::Stop {
                    instance: instance.clone(),
                },
            },
            Task::Stop(instance) => match place(instance)?.readiness {
                // It ran before, and is the way back of the version that serves: it stays what it was.
                Readiness::Warm if timing.rollback_window_ms > 0 => Action::KeepWarm {
                    instance: instance.clone(),
                    for_ms: timing.rollback_window_ms,
                },
                _ => Action::Stop {
                    instance: instance.clone(),
                },
            },
        })
    }

    /// Returns the next stage, if this one is complete.
    fn successor(&self, now: Tick) -> Option<Stage> {
        let asked_for_is_done = self.plan.hosts.iter().all(|plan| {
            self.tasks(plan)
                .iter()
                .all(|task| self.hosts[&plan.host].done.contains(task))
        });
        if !asked_for_is_done {
            return None;
        }
        let all_passed = self.hosts.values().all(|host| host.passed);
        let gates_passed = self
            .hosts
            .values()
            .flat_map(|host| host.gates.values())
            .all(|gate| gate.passed);
        let passed_where = |task: Task| {
            self.hosts
                .values()
                .all(|host| host.passed || !host.asked.contains(&task))
        };
        let drained = |task: Task| {
            let of = |host: &Host| {
                host.passed || !host.asked.contains(&task) || self.drain_is_over(host, now)
            };
            self.hosts.values().all(of)
        };
        Some(match self.stage {
            Stage::Planned | Stage::Ended(_) => return None,
            Stage::Reversible(Reversible::Clearing) => Stage::Reversible(Reversible::Starting),
            Stage::Reversible(Reversible::Starting) if gates_passed => {
                if self.plan.release_command.is_some() && !self.command.done {
                    Stage::Reversible(Reversible::Commanding)
                } else {
                    Stage::Reversible(Reversible::Switching)
                }
            }
            // The candidate must still be healthy after a long command.
            Stage::Reversible(Reversible::Commanding) if gates_passed => {
                Stage::Reversible(Reversible::Switching)
            }
            Stage::Reversible(Reversible::Commanding) => Stage::Reversible(Reversible::Starting),
            Stage::Reversible(Reversible::Switching) => Stage::Reversible(Reversible::Watching),
            Stage::Reversible(Reversible::Watching) if all_passed => {
                Stage::Reversible(Reversible::Preparing)
            }
            Stage::Reversible(Reversible::Preparing) => Stage::Committed(Committed::Committing),
            Stage::Reversible(_) => return None,
            Stage::Committed(Committed::Committing) => Stage::Committed(Committed::Draining),
            Stage::Committed(Committed::Draining) if drained(Task::Drain) => {
                Stage::Committed(Committed::Keeping)
            }
            Stage::Committed(Committed::Keeping) => Stage::Committed(Committed::Settling),
            Stage::Committed(Committed::Settling) if all_passed => {
                Stage::Ended(match self.plan.purpose {
                    Purpose::Deploy => Phase::Healthy,
                    Purpose::Rollback => Phase::RolledBack,
                })
            }
            Stage::Committed(_) => return None,
            Stage::Reverting(Reverting::Ending) => Stage::Reverting(Reverting::Routing),
            Stage::Reverting(Reverting::Routing) if passed_where(Task::RouteBack) => {
                Stage::Reverting(Reverting::Draining)
            }
            Stage::Reverting(Reverting::Draining) if drained(Task::DrainBack) => {
                Stage::Reverting(Reverting::Stopping)
            }
            Stage::Reverting(Reverting::Stopping) => Stage::Ended(Phase::Aborted),
            Stage::Reverting(_) => return None,
        })
    }

    /// Says whether a host's drain has had its time since the proxy was told.
    fn drain_is_over(&self, host: &Host, now: Tick) -> bool {
        host.changed
            .is_some_and(|told| told.after(self.drain_ms()) <= now)
    }

    fn drain_ms(&self) -> u64 {
        self.plan
            .timing
            .drain_timeout_ms
            .saturating_add(DRAIN_GRACE_MS)
    }

    /// Writes the decision down: from here on only forward.
    fn decide(&mut self, effects: &mut Vec<Effect>) {
        self.decided = true;
        effects.push(Effect::Decide {
            artifact: self.plan.candidate.artifact.clone(),
        });
        if let (Purpose::Rollback, Some(stable)) = (self.plan.purpose, &self.plan.stable) {
            effects.push(Effect::MarkBad {
                artifact: stable.artifact.clone(),
                why: format!("rolled back to {}", self.plan.candidate.artifact.short()),
            });
        }
    }

    /// Returns when something must have happened by.
    pub(crate) fn next_wake(&self) -> Option<Tick> {
        if self.is_halted() {
            return None;
        }
        let timing = &self.plan.timing;
        let progress = timing.progress_deadline_ms;
        let drain_ms = self.drain_ms();
        let answered = self.outstanding.is_empty();
        let within_ms = match self.stage {
            Stage::Planned | Stage::Ended(_) => return None,
            Stage::Reversible(Reversible::Starting) => timing.healthy_deadline_ms,
            // The agent kills it when its time is over, so its end is known by then.
            Stage::Reversible(Reversible::Commanding) | Stage::Reverting(Reverting::Ending) => {
                let command = self
                    .plan
                    .release_command
                    .as_ref()
                    .map_or(0, |command| command.timeout_ms);
                command.saturating_add(progress)
            }
            Stage::Reversible(Reversible::Watching) => {
                self.plan.watch_ms().saturating_add(progress)
            }
            Stage::Committed(Committed::Draining) | Stage::Reverting(Reverting::Draining)
                if answered =>
            {
                let told = self.hosts.values().filter(|host| !host.passed);
                return told
                    .filter_map(|host| host.changed)
                    .max()
                    .map(|told| told.after(drain_ms));
            }
            Stage::Committed(Committed::Draining) | Stage::Reverting(Reverting::Draining) => {
                drain_ms.saturating_add(progress)
            }
            Stage::Committed(Committed::Settling) => timing.after_ms.saturating_add(progress),
            _ => progress,
        };
        Some(self.since.after(within_ms))
    }

    /// The stage's time is up.
    pub(crate) fn overdue(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        match self.stage {
            Stage::Planned | Stage::Ended(_) => {}
            Stage::Reversible(Reversible::Commanding) => {
                self.enter(Stage::Reversible(Reversible::AwaitingPerson), now)
            }
            Stage::Reversible(_) => {
                if let Some(cause) = self.overdue_cause() {
                    self.give_up(cause, now, effects);
                }
            }
            // `advance` goes on once the drain's time is over; what was never answered is another matter.
            Stage::Committed(Committed::Draining) | Stage::Reverting(Reverting::Draining) => {
                self.halted = !self.outstanding.is_empty();
            }
            Stage::Committed(_) | Stage::Reverting(_) => self.halted = true,
        }
    }

    /// Names who kept a reversible stage from being complete.
    fn overdue_cause(&self) -> Option<Cause> {
        for plan in &self.plan.hosts {
            let host = &self.hosts[&plan.host];
            let undone = self
                .tasks(plan)
                .into_iter()
                .find(|task| !host.done.contains(task));
            let lost = host.lost.as_ref().map(|(_, detail)| detail.clone());
            if let Some(task) = undone {
                return Some(Cause::Unreachable {
                    host: plan.host.clone(),
                    asked: self.action(&plan.host, &task)?.to_string(),
                    detail: lost.unwrap_or_else(|| "no answer yet".into()),
                });
            }
            if let Some(detail) = lost {
                let asked = "tell how the candidate does".into();
                return Some(Cause::Unreachable {
                    host: plan.host.clone(),
                    asked,
                    detail,
                });
            }
            let waiting = host.gates.iter().find(|(_, gate)| !gate.passed);
            if let (Stage::Reversible(Reversible::Starting), Some((instance, gate))) =
                (self.stage, waiting)
            {
                let detail = if gate.healthy_since.is_some() {
                    "it was healthy, but not for long enough".into()
                } else if gate.detail.is_empty() {
                    "its health was never seen".into()
                } else {
                    gate.detail.clone()
                };
                return Some(Cause::NotHealthy {
                    host: plan.host.clone(),
                    instance: instance.clone(),
                    detail,
                    deadline_ms: self.plan.timing.healthy_deadline_ms,
                });
            }
            if !host.passed {
                let asked = "show a healthy candidate".into();
                let detail = "it was not seen healthy at the end of the watch".into();
                return Some(Cause::Unreachable {
                    host: plan.host.clone(),
                    asked,
                    detail,
                });
            }
        }
        None
    }
}
