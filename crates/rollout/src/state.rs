//! The state of a rollout: the plan, the stage, and what is known of each host.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cause::{Cause, CommandEnd};
use crate::effect::EffectId;
use crate::event::TrafficSeen;
use crate::name::{ArtifactId, HostId, InstanceId};
use crate::phase::Phase;
use crate::plan::{HostPlan, Plan};
use crate::tick::Tick;

/// A rollout between two events. It changes by [`crate::step()`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    pub(crate) plan: Arc<Plan>,
    pub(crate) stage: Stage,
    /// When the stage began.
    pub(crate) since: Tick,
    /// Whether it gave up waiting and needs a person or a resume.
    pub(crate) halted: bool,
    pub(crate) hosts: BTreeMap<HostId, Host>,
    pub(crate) outstanding: BTreeMap<EffectId, (HostId, Task)>,
    pub(crate) next_id: u64,
    pub(crate) command: Command,
    pub(crate) cause: Option<Cause>,
    pub(crate) decided: bool,
    pub(crate) times: Vec<StepTime>,
    pub(crate) wake: Option<Tick>,
}

/// Where a rollout is. What may still be given up is apart from what may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was done.
    Planned,
    /// Stable serves or can serve again at once: abort is possible.
    Reversible(Reversible),
    /// Past the point of no return: only forward.
    Committed(Committed),
    /// On the way back to stable.
    Reverting(Reverting),
    /// At its end.
    Ended(Phase),
}

/// Stages before the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reversible {
    /// Slots are made free.
    Clearing,
    /// The candidate starts and has to become healthy.
    Starting,
    /// The release command runs.
    Commanding,
    /// Nobody knows what became of the release command.
    AwaitingPerson,
    /// Every proxy is told of the candidate.
    Switching,
    /// The candidate has all traffic, on a lease.
    Watching,
    /// Every proxy promises to keep its weights.
    Preparing,
}

/// Stages after the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// Every proxy is told of the decision.
    Committing,
    /// Stable's clients finish or move.
    Draining,
    /// Stable is kept warm, or stops.
    Keeping,
    /// A last look for the receipt.
    Settling,
}

/// Stages of the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reverting {
    /// The release command may be under way: its end is awaited, so that no later one runs beside it.
    Ending,
    /// Every proxy that may have heard of the candidate is told of stable.
    Routing,
    /// The candidate's clients finish or move.
    Draining,
    /// The candidate stops.
    Stopping,
}

/// What is known of the release command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) attempt: u32,
    pub(crate) done: bool,
    /// What became of one that was under way when the rollout was given up.
    pub(crate) end: Option<CommandEnd>,
}

/// What is known of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Host {
    /// Tasks with a definite good reply.
    pub(crate) done: BTreeSet<Task>,
    /// Tasks that were ever asked for: they may have been done.
    pub(crate) asked: BTreeSet<Task>,
    /// The answer that stands in the way of going on.
    pub(crate) refused: Option<String>,
    /// Since when it does not answer, and what was seen.
    pub(crate) lost: Option<(Tick, String)>,
    /// The candidate's instances.
    pub(crate) gates: BTreeMap<InstanceId, Gate>,
    /// The counters before the switch.
    pub(crate) baseline: Option<TrafficSeen>,
    /// When the last reply came that changed its route or its drain; what was seen earlier says nothing.
    pub(crate) changed: Option<Tick>,
    /// Whether the stage's own condition is met here.
    pub(crate) passed: bool,
}

/// What is known of an instance of the candidate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Gate {
    /// Since when it is healthy without a break.
    pub(crate) healthy_since: Option<Tick>,
    /// Whether it has been for long enough.
    pub(crate) passed: bool,
    /// Failed checks in a row.
    pub(crate) streak: u32,
    /// Restarts as last seen.
    pub(crate) restarts: u32,
    /// What its check said last when it failed.
    pub(crate) detail: String,
}

/// Something a host does for a rollout.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Task {
    Clear(InstanceId),
    Start(InstanceId),
    Run(u32),
    AwaitRun(u32),
    Route,
    Prepare,
    Commit,
    /// Where a proxy does not know what to commit: the same weights, final.
    RouteFinal,
    Drain,
    Keep(InstanceId),
    RouteBack,
    DrainBack,
    Stop(InstanceId),
}

/// When a step of the plan began and ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepTime {
    /// The step's word, as in [`crate::PlannedStep`]; `revert` for the way back.
    pub name: &'static str,
    /// When it began.
    pub began: Tick,
    /// When it ended, if it did.
    pub ended: Option<Tick>,
}

/// What has to be looked at on a host, again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// Which host.
    pub host: HostId,
    /// Whose health.
    pub instances: Vec<InstanceId>,
}

impl Rollout {
    /// Makes the state in which nothing of the plan was done.
    pub fn new(plan: Plan) -> Self {
        let hosts = plan
            .hosts
            .iter()
            .map(|host| (host.host.clone(), Host::of(host)))
            .collect();
        Self {
            plan: Arc::new(plan),
            stage: Stage::Planned,
            since: Tick::from_ms(0),
            halted: false,
            hosts,
            outstanding: BTreeMap::new(),
            next_id: 1,
            command: Command {
                attempt: 1,
                done: false,
                end: None,
            },
            cause: None,
            decided: false,
            times: Vec::new(),
            wake: None,
        }
    }

    /// Returns the plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns where it is.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Returns the phase.
    pub fn phase(&self) -> Phase {
        match self.stage {
            Stage::Planned => Phase::Planned,
            Stage::Ended(phase) => phase,
            Stage::Reversible(Reversible::AwaitingPerson) => Phase::Paused,
            _ if self.halted => Phase::Degraded,
            _ => Phase::Progressing,
        }
    }

    /// Says whether it is at its end; else it has to be resumed or aborted.
    pub fn is_finished(&self) -> bool {
        matches!(self.stage, Stage::Ended(_))
    }

    /// Says whether nothing more happens by itself.
    pub fn is_halted(&self) -> bool {
        self.halted
            || self.is_finished()
            || self.stage == Stage::Reversible(Reversible::AwaitingPerson)
    }

    /// Says whether an abort would bring stable back.
    pub fn is_reversible(&self) -> bool {
        matches!(self.stage, Stage::Planned | Stage::Reversible(_))
    }

    /// Says whether the candidate was decided for.
    pub fn is_decided(&self) -> bool {
        self.decided
    }

    /// Returns why it was given up, or why it ended degraded.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Returns the hosts that do not answer or refuse, with what was seen.
    pub fn hosts_behind(&self) -> Vec<(HostId, String)> {
        self.hosts
            .iter()
            .filter_map(|(id, host)| {
                let detail = host
                    .refused
                    .clone()
                    .or_else(|| host.lost.as_ref().map(|(_, detail)| detail.clone()))?;
                Some((id.clone(), detail))
            })
            .collect()
    }

    /// Returns the steps so far with their times.
    pub fn times(&self) -> &[StepTime] {
        &self.times
    }

    /// Says whether an effect is still waited for; else it is not to be performed again.
    pub fn awaits(&self, id: EffectId) -> bool {
        self.outstanding.contains_key(&id)
    }

    /// Returns how many effects are waited for.
    pub fn awaited(&self) -> usize {
        self.outstanding.len()
    }

    /// Returns the attempt that the release command is at, from 1.
    pub fn command_attempt(&self) -> u32 {
        self.command.attempt
    }

    /// Returns what became of a release command that was under way when the rollout was given up.
    pub fn command_end(&self) -> Option<CommandEnd> {
        self.command.end
    }

    /// Returns what to look at now, every [`crate::Timing::probe_every_ms`].
    pub fn watches(&self) -> Vec<Watch> {
        let health = match self.stage {
            _ if self.is_halted() => return Vec::new(),
            Stage::Planned | Stage::Reversible(Reversible::Clearing) | Stage::Ended(_) => {
                return Vec::new();
            }
            Stage::Reversible(_) | Stage::Committed(_) => true,
            Stage::Reverting(_) => false,
        };
        self.plan
            .hosts
            .iter()
            .map(|plan| Watch {
                host: plan.host.clone(),
                instances: if health {
                    plan.candidate_ids()
                } else {
                    Vec::new()
                },
            })
            .collect()
    }

    /// Returns the hosts on which weights are, or may be, leased: their leases are to be renewed.
    pub fn leases(&self) -> Vec<HostId> {
        match self.stage {
            Stage::Reversible(_) => self
                .plan
                .hosts
                .iter()
                .filter(|plan| {
                    !plan.stable.is_empty() && self.hosts[&plan.host].asked.contains(&Task::Route)
                })
                .map(|plan| plan.host.clone())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Returns the artifact that serves when the rollout stands as it does now.
    pub fn serving(&self) -> Option<&ArtifactId> {
        if self.decided
            || (self.plan.stable.is_none() && !matches!(self.stage, Stage::Reverting(_)))
        {
            return Some(&self.plan.candidate.artifact);
        }
        self.plan.stable.as_ref().map(|stable| &stable.artifact)
    }
}

impl Host {
    fn of(plan: &HostPlan) -> Self {
        let gates = plan
            .candidate
            .iter()
            .map(|placement| (placement.instance.clone(), Gate::default()))
            .collect();
        Self {
            gates,
            ..Self::default()
        }
    }

    /// Forgets what was seen of the candidate's health.
    pub(crate) fn reset_gates(&mut self) {
        for gate in self.gates.values_mut() {
            *gate = Gate {
                restarts: gate.restarts,
                ..Gate::default()
            };
        }
    }
}

impl Stage {
    /// Returns the word of the plan's step that the stage belongs to.
    pub(crate) fn step_name(self) -> Option<&'static str> {
        Some(match self {
            Self::Planned | Self::Ended(_) => return None,
            Self::Reversible(Reversible::Clearing) => "clear",
            Self::Reversible(Reversible::Starting) => "start",
            Self::Reversible(Reversible::Commanding | Reversible::AwaitingPerson) => "command",
            Self::Reversible(Reversible::Switching) => "switch",
            Self::Reversible(Reversible::Watching) => "watch",
            Self::Reversible(Reversible::Preparing) | Self::Committed(Committed::Committing) => {
                "commit"
            }
            Self::Committed(Committed::Draining) => "drain",
            Self::Committed(Committed::Keeping) => "keep",
            Self::Committed(Committed::Settling) => "after",
            Self::Reverting(_) => "revert",
        })
    }
}
