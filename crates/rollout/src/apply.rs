//! Applies an event to what is known. Nothing is asked for here but a way back.

use crate::cause::{Cause, CommandEnd};
use crate::effect::{Effect, EffectId};
use crate::event::{CommandDecision, Event, Health, Observation, Reply, RunOutcome, Verdict};
use crate::judge::judge;
use crate::name::{HostId, InstanceId};
use crate::plan::{Purpose, Readiness};
use crate::state::{Committed, Host, Reversible, Reverting, Rollout, Stage, Task};
use crate::tick::Tick;

impl Rollout {
    pub(crate) fn apply(&mut self, event: Event, now: Tick, effects: &mut Vec<Effect>) {
        match event {
            Event::Begin if self.stage == Stage::Planned => {
                self.enter(Stage::Reversible(Reversible::Clearing), now)
            }
            Event::Begin => {}
            Event::Resumed { command } => self.resume(command, now),
            Event::Reply { id, reply } => self.reply(id, reply, now, effects),
            Event::Observed { host, seen } => self.observed(&host, &seen, now, effects),
            Event::Lost { host, detail } => self.lost(&host, detail, now, effects),
            Event::Wake => {
                if self.next_wake().is_some_and(|wake| wake <= now) {
                    self.overdue(now, effects);
                }
            }
            Event::Abort { by } => match self.stage {
                Stage::Planned => {
                    self.cause = Some(Cause::Aborted { by });
                    self.enter(Stage::Ended(crate::Phase::Aborted), now);
                }
                Stage::Reversible(_) => self.give_up(Cause::Aborted { by }, now, effects),
                Stage::Committed(_) | Stage::Reverting(_) | Stage::Ended(_) => {}
            },
        }
    }

    /// Takes the rollout up again: whatever was asked for and not answered is asked for again, and health
    /// is proven anew before any traffic moves.
    fn resume(&mut self, command: Option<CommandDecision>, now: Tick) {
        self.outstanding.clear();
        self.halted = false;
        for host in self.hosts.values_mut() {
            host.refused = None;
            host.lost = None;
            host.reset_gates();
        }
        let stage = match self.stage {
            Stage::Ended(_) => return,
            Stage::Planned => Stage::Reversible(Reversible::Clearing),
            Stage::Reversible(Reversible::AwaitingPerson) => match command {
                None => return,
                Some(CommandDecision::Done) => {
                    self.command.done = true;
                    Stage::Reversible(Reversible::Starting)
                }
                Some(CommandDecision::Again) => {
                    self.command.attempt += 1;
                    Stage::Reversible(Reversible::Starting)
                }
            },
            Stage::Reversible(stage) if stage > Reversible::Starting => {
                Stage::Reversible(Reversible::Starting)
            }
            stage => stage,
        };
        if stage == Stage::Reversible(Reversible::Starting) {
            for host in self.hosts.values_mut() {
                host.done
                    .retain(|task| !matches!(task, Task::Start(_) | Task::Route | Task::Prepare));
            }
        }
        self.enter(stage, now);
    }

    fn reply(&mut self, id: EffectId, reply: Reply, now: Tick, effects: &mut Vec<Effect>) {
        let Some((host_id, task)) = self.outstanding.get(&id).cloned() else {
            return;
        };
        let Some(host) = self.hosts.get_mut(&host_id) else {
            return;
        };
        if let Reply::Unknown { detail } = reply {
            host.lost.get_or_insert((now, detail));
            return;
        }
        self.outstanding.remove(&id);
        host.lost = None;
        match reply {
            Reply::Done if matches!(task, Task::AwaitRun(_)) => {
                host.finish(task, now);
                self.command.end = Some(CommandEnd::NotBegun);
            }
            Reply::Done | Reply::Unknown { .. } => host.finish(task, now),
            Reply::Ran(outcome) if matches!(task, Task::AwaitRun(_)) => {
                host.finish(task, now);
                self.command.end = Some(match outcome {
                    RunOutcome::Finished { exit, .. } => CommandEnd::Exited { exit },
                    RunOutcome::Unknown => CommandEnd::Unknown,
                });
            }
            Reply::Ran(RunOutcome::Finished { exit: 0, .. }) => {
                host.finish(task, now);
                self.command.done = true;
            }
            Reply::Ran(RunOutcome::Finished { exit, output }) => {
                host.finish(task, now);
                self.give_up(Cause::CommandFailed { exit, output }, now, effects);
            }
            Reply::Ran(RunOutcome::Unknown) => {
                self.enter(Stage::Reversible(Reversible::AwaitingPerson), now)
            }
            Reply::Refused { detail } => self.refused(&host_id, task, detail, now, effects),
        }
    }

    fn refused(
        &mut self,
        host_id: &HostId,
        task: Task,
        detail: String,
        now: Tick,
        effects: &mut Vec<Effect>,
    ) {
        if let Stage::Reversible(_) = self.stage {
            let asked = self
                .action(host_id, &task)
                .map_or_else(String::new, |action| action.to_string());
            let host = host_id.clone();
            return self.give_up(
                Cause::Refused {
                    host,
                    asked,
                    detail,
                },
                now,
                effects,
            );
        }
        let Some(host) = self.hosts.get_mut(host_id) else {
            return;
        };
        match task {
            // A proxy that forgot what it promised is told the whole.
            Task::Commit => {
                host.asked.insert(Task::RouteFinal);
            }
            // There is nothing to drain or to keep.
            Task::Drain | Task::DrainBack => {
                host.passed = true;
                host.finish(task, now);
            }
            Task::Keep(_) => host.finish(task, now),
            _ => host.refused = Some(detail),
        }
    }

    fn lost(&mut self, host_id: &HostId, detail: String, now: Tick, effects: &mut Vec<Effect>) {
        let orphan_timeout_ms = self.plan.timing.orphan_timeout_ms;
        let Some(host) = self.hosts.get_mut(host_id) else {
            return;
        };
        let (since, _) = host.lost.get_or_insert((now, detail.clone()));
        let lost_ms = now.since(*since);
        match self.stage {
            Stage::Reversible(Reversible::Starting | Reversible::Commanding) => host.reset_gates(),
            Stage::Reversible(Reversible::Watching | Reversible::Preparing)
                if lost_ms >= orphan_timeout_ms =>
            {
                let cause = Cause::Unreachable {
                    host: host_id.clone(),
                    asked: "tell how the candidate does".into(),
                    detail,
                };
                self.give_up(cause, now, effects);
            }
            _ => {}
        }
    }

    fn observed(
        &mut self,
        host_id: &HostId,
        seen: &Observation,
        now: Tick,
        effects: &mut Vec<Effect>,
    ) {
        let Some(host) = self.hosts.get_mut(host_id) else {
            return;
        };
        host.lost = None;
        if host.changed.is_some_and(|changed| seen.began < changed) {
            return;
        }
        if !host.asked.contains(&Task::Route)
            && host
                .baseline
                .is_none_or(|baseline| baseline.epoch != seen.traffic.epoch)
        {
            host.baseline = Some(seen.traffic);
        }
        let found = match self.stage {
            Stage::Reversible(Reversible::Starting | Reversible::Commanding) => {
                self.observed_starting(host_id, seen, now)
            }
            Stage::Reversible(
                Reversible::Switching | Reversible::Watching | Reversible::Preparing,
            ) => self.observed_serving(host_id, seen, now),
            Stage::Committed(stage) => {
                self.observed_committed(stage, host_id, seen, now);
                None
            }
            Stage::Reverting(stage) => {
                self.observed_reverting(stage, host_id, seen, now);
                None
            }
            _ => None,
        };
        if let Some(cause) = found {
            self.give_up(cause, now, effects);
        }
    }

    fn observed_starting(
        &mut self,
        host_id: &HostId,
        seen: &Observation,
        now: Tick,
    ) -> Option<Cause> {
        let plan = self.plan.host(host_id)?.candidate.clone();
        let host = self.hosts.get_mut(host_id)?;
        for (instance, health) in &seen.instances {
            // What runs there before it was started is not yet the candidate.
            if !host.done.contains(&Task::Start(instance.clone())) {
                continue;
            }
            let warm = plan
                .iter()
                .any(|place| &place.instance == instance && place.readiness == Readiness::Warm);
            let min_ms = if warm {
                0
            } else {
                self.plan.timing.min_healthy_time_ms
            };
            let Some(gate) = host.gates.get_mut(instance) else {
                continue;
            };
            gate.restarts = health.restarts;
            if health.restarts > self.plan.tolerance.restarts_max {
                return Some(Cause::CrashLoop {
                    host: host_id.clone(),
                    instance: instance.clone(),
                    restarts: health.restarts,
                    detail: health.detail.clone(),
                });
            }
            if health.verdict == Verdict::Healthy {
                let since = *gate.healthy_since.get_or_insert(now);
                gate.passed = now.since(since) >= min_ms;
            } else {
                gate.healthy_since = None;
                gate.passed = false;
                gate.detail.clone_from(&health.detail);
            }
        }
        None
    }

    fn observed_serving(
        &mut self,
        host_id: &HostId,
        seen: &Observation,
        now: Tick,
    ) -> Option<Cause> {
        let tolerance = self.plan.tolerance;
        let watched = now.since(self.since) >= self.plan.watch_ms();
        let stage = self.stage;
        let host = self.hosts.get_mut(host_id)?;
        let routed = host.done.contains(&Task::Route);
        if routed && seen.route.as_ref().is_some_and(|route| route.reverted) {
            return Some(Cause::LeaseExpired {
                host: host_id.clone(),
            });
        }
        let mut healthy = true;
        for (instance, health) in &seen.instances {
            let crashed = host
                .gates
                .get(instance)
                .is_some_and(|gate| health.restarts > gate.restarts);
            let streak = host.see(instance, health);
            if crashed || health.verdict == Verdict::Down || streak > tolerance.unhealthy_max {
                let detail = if crashed {
                    format!("it crashed: {}", health.detail)
                } else {
                    health.detail.clone()
                };
                return Some(Cause::FailedWatched {
                    host: host_id.clone(),
                    instance: instance.clone(),
                    detail,
                });
            }
            healthy &= health.verdict == Verdict::Healthy;
        }
        if let Some(detail) = host
            .baseline
            .as_ref()
            .and_then(|before| judge(before, &seen.traffic, &tolerance))
        {
            return Some(Cause::AnsweredWorse {
                host: host_id.clone(),
                detail,
            });
        }
        if stage == Stage::Reversible(Reversible::Watching) && watched && healthy {
            host.passed = true;
        }
        None
    }

    fn observed_committed(
        &mut self,
        stage: Committed,
        host_id: &HostId,
        seen: &Observation,
        now: Tick,
    ) {
        let unhealthy_max = self.plan.tolerance.unhealthy_max;
        let settled = now.since(self.since) >= self.plan.timing.after_ms;
        let Some(host) = self.hosts.get_mut(host_id) else {
            return;
        };
        match stage {
            Committed::Draining => {
                if host.done.contains(&Task::Drain) && seen.traffic.stable.open == 0 {
                    host.passed = true;
                }
            }
            Committed::Settling => {
                let mut sick = None;
                for (instance, health) in &seen.instances {
                    if host.see(instance, health) > unhealthy_max {
                        sick = Some((instance.clone(), health.detail.clone()));
                    }
                }
                host.passed = settled
                    && seen
                        .instances
                        .values()
                        .all(|health| health.verdict == Verdict::Healthy);
                if let (true, Some((instance, detail))) = (settled, sick) {
                    self.cause = Some(Cause::FailedWatched {
                        host: host_id.clone(),
                        instance,
                        detail,
                    });
                    self.enter(Stage::Ended(crate::Phase::Degraded), now);
                }
            }
            Committed::Committing | Committed::Keeping => {}
        }
    }

    fn observed_reverting(
        &mut self,
        stage: Reverting,
        host_id: &HostId,
        seen: &Observation,
        now: Tick,
    ) {
        let candidate = self.plan.candidate.artifact.clone();
        let Some(host) = self.hosts.get_mut(host_id) else {
            return;
        };
        if !host.done.contains(&Task::RouteBack) {
            return;
        }
        let still = seen
            .route
            .as_ref()
            .and_then(|route| route.weights.get(&candidate))
            .is_some_and(|weight| *weight > 0);
        match stage {
            // A request that was given up reached the proxy late: it is told again.
            _ if still => {
                host.done.remove(&Task::RouteBack);
                host.done.remove(&Task::DrainBack);
                self.enter(Stage::Reverting(Reverting::Routing), now);
            }
            Reverting::Ending => {}
            Reverting::Routing => host.passed = true,
            Reverting::Draining => {
                if host.done.contains(&Task::DrainBack) && seen.traffic.candidate.open == 0 {
                    host.passed = true;
                }
            }
            Reverting::Stopping => {}
        }
    }

    /// Turns back to stable.
    pub(crate) fn give_up(&mut self, cause: Cause, now: Tick, effects: &mut Vec<Effect>) {
        if cause.blames_candidate() && self.plan.purpose == Purpose::Deploy {
            effects.push(Effect::MarkBad {
                artifact: self.plan.candidate.artifact.clone(),
                why: cause.to_string(),
            });
        }
        self.outstanding.clear();
        self.cause = Some(cause);
        for host in self.hosts.values_mut() {
            host.refused = None;
        }
        let stage = if self.command_may_run() {
            Reverting::Ending
        } else {
            Reverting::Routing
        };
        self.enter(Stage::Reverting(stage), now);
    }

    /// Says whether the release command was asked for and has no end that anybody knows of.
    fn command_may_run(&self) -> bool {
        let run = Task::Run(self.command.attempt);
        !self.command.done
            && self
                .hosts
                .values()
                .any(|host| host.asked.contains(&run) && !host.done.contains(&run))
    }
}

impl Host {
    fn finish(&mut self, task: Task, now: Tick) {
        if matches!(
            task,
            Task::Route | Task::RouteBack | Task::RouteFinal | Task::Drain | Task::DrainBack
        ) {
            self.changed = Some(now);
        }
        self.done.insert(task);
    }

    /// Counts failed checks in a row of an instance.
    fn see(&mut self, instance: &InstanceId, health: &Health) -> u32 {
        let Some(gate) = self.gates.get_mut(instance) else {
            return 0;
        };
        if health.verdict == Verdict::Healthy {
            gate.streak = 0;
        } else {
            gate.streak += 1;
            gate.detail.clone_from(&health.detail);
        }
        gate.restarts = gate.restarts.max(health.restarts);
        gate.streak
    }
}
