//! The state of a rollout: the plan, the step it is at, and what is known of each host.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::cause::{Cause, CommandEnd};
use crate::effect::EffectId;
use crate::host::{Host, Standing};
use crate::machine::Judging;
use crate::name::{ArtifactId, HostId, InstanceId};
use crate::phase::Phase;
use crate::plan::{Plan, Step, Work};
use crate::seen::{HostSeen, Judged, Lease, StepRef, StepSeen, WaitFor, Waiting, Watch};
use crate::task::Task;
use crate::tick::Tick;

/// A rollout between two events. It changes by [`crate::step()`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    pub(crate) plan: Arc<Plan>,
    /// The place of each host in the plan.
    pub(crate) places: Arc<BTreeMap<HostId, u32>>,
    /// Whether testers are let at the candidate.
    pub(crate) previews: bool,
    pub(crate) stage: Stage,
    pub(crate) way_back: Arc<[Step]>,
    /// Steps to go to next, before the one that follows.
    pub(crate) detour: VecDeque<u32>,
    /// When the step, or its second half, began.
    pub(crate) since: Tick,
    pub(crate) hosts: Vec<Host>,
    /// Hosts that the step waits for.
    pub(crate) pending: BTreeSet<u32>,
    /// Hosts whose candidate started and is not yet, or no longer, healthy for long enough.
    pub(crate) unready: BTreeSet<u32>,
    pub(crate) outstanding: BTreeMap<EffectId, Asked>,
    pub(crate) next_id: u64,
    pub(crate) at: AtStep,
    /// What the last analysis compared, for the next one to go on with.
    pub(crate) compared: Option<Judging>,
    pub(crate) command: Command,
    /// Hooks that were run, by their steps: they are not run again when a step comes again.
    pub(crate) ran: BTreeSet<u32>,
    pub(crate) waiting: Option<Waiting>,
    /// Who wants it to go no further than this step, and why.
    pub(crate) hold: Option<(String, Option<String>)>,
    /// Whether a person promoted it to the end.
    pub(crate) full: bool,
    /// Whether it was taken over in a wait: health is proven before it goes on.
    pub(crate) unproven: bool,
    /// Whether the first host, or the first batch, has passed its gate.
    pub(crate) proven: bool,
    /// How many hosts were set aside.
    pub(crate) failed: usize,
    /// Whether it gave up waiting and needs a person or a resume.
    pub(crate) halted: bool,
    pub(crate) cause: Option<Cause>,
    pub(crate) decided: bool,
    pub(crate) seen: Vec<StepSeen>,
    pub(crate) judged: Vec<Judged>,
    pub(crate) wake: Option<Tick>,
    pub(crate) revision: u64,
}

/// Where a rollout is, with the place of its step. What may still be given up is apart from what may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was done.
    Planned,
    /// Stable serves, or can serve again: abort is possible.
    Reversible(u32),
    /// Past the point of no return: only forward.
    Committed(u32),
    /// On the way back to stable, by the steps of [`Rollout::way_back`].
    Reverting(u32),
    /// At its end.
    Ended(Phase),
}

/// What is known of the step itself, apart from its hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AtStep {
    /// When the last host was told.
    pub(crate) told: Option<Tick>,
    /// A person ended the pause, or what could not be told.
    pub(crate) released: bool,
    /// The operator's side did what it was asked.
    pub(crate) answered: bool,
    /// Every proxy has prepared.
    pub(crate) prepared: bool,
    pub(crate) judging: Option<Judging>,
}

/// An effect whose reply is waited for: of a host, or of the coordinator itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) host: Option<u32>,
    pub(crate) task: Task,
}

/// What is known of the release command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) attempt: u32,
    pub(crate) done: bool,
    /// What became of one that was under way when the rollout was given up.
    pub(crate) end: Option<CommandEnd>,
}

impl Rollout {
    /// Makes the state in which nothing of the plan was done.
    pub fn new(plan: Plan) -> Self {
        let places = (0u32..).zip(&plan.hosts);
        Self {
            places: Arc::new(places.map(|(i, host)| (host.host.clone(), i)).collect()),
            hosts: plan.hosts.iter().map(Host::of).collect(),
            previews: plan.has_preview(),
            plan: Arc::new(plan),
            stage: Stage::Planned,
            way_back: Arc::new([]),
            detour: VecDeque::new(),
            since: Tick::from_ms(0),
            pending: BTreeSet::new(),
            unready: BTreeSet::new(),
            outstanding: BTreeMap::new(),
            next_id: 1,
            at: AtStep::default(),
            compared: None,
            command: Command {
                attempt: 1,
                done: false,
                end: None,
            },
            ran: BTreeSet::new(),
            waiting: None,
            hold: None,
            full: false,
            unproven: false,
            proven: false,
            failed: 0,
            halted: false,
            cause: None,
            decided: false,
            seen: Vec::new(),
            judged: Vec::new(),
            wake: None,
            revision: 0,
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

    /// Returns a number that grows with every change that has to be journaled. An event that leaves it as
    /// it was told nothing new, and called for nothing.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the phase.
    pub fn phase(&self) -> Phase {
        match self.stage {
            Stage::Planned => Phase::Planned,
            Stage::Ended(phase) => phase,
            _ if self.waiting.is_some() => Phase::Paused,
            _ if self.halted => Phase::Degraded,
            _ => Phase::Progressing,
        }
    }

    /// Says whether it is at its end; else it has to be resumed or aborted.
    pub fn is_finished(&self) -> bool {
        matches!(self.stage, Stage::Ended(_))
    }

    /// Says whether nothing more happens by itself, and nothing is to be looked at.
    pub fn is_halted(&self) -> bool {
        self.halted || self.is_finished()
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

    /// Returns what only a person or a hook can give, where that is waited for.
    pub fn waiting(&self) -> Option<&Waiting> {
        self.waiting.as_ref()
    }

    /// Returns the steps that began, in order, with what became of them.
    pub fn seen(&self) -> &[StepSeen] {
        &self.seen
    }

    /// Returns the steps of the way back, once a candidate was given up.
    pub fn way_back(&self) -> &[Step] {
        &self.way_back
    }

    /// Returns the step it is at.
    pub fn current(&self) -> Option<(StepRef, &Step)> {
        let at = self.step_ref()?;
        Some((at, self.step_of(at)?))
    }

    /// Returns a step.
    pub fn step_of(&self, step: StepRef) -> Option<&Step> {
        match step {
            StepRef::Plan(place) => self.plan.steps.get(place as usize),
            StepRef::Back(place) => self.way_back.get(place as usize),
        }
    }

    pub(crate) fn step_ref(&self) -> Option<StepRef> {
        match self.stage {
            Stage::Planned | Stage::Ended(_) => None,
            Stage::Reversible(place) | Stage::Committed(place) => Some(StepRef::Plan(place)),
            Stage::Reverting(place) => Some(StepRef::Back(place)),
        }
    }

    pub(crate) fn work(&self) -> Option<Work> {
        self.current().map(|(_, step)| step.work)
    }

    /// Returns what is known of a host.
    pub fn host_seen(&self, host: &HostId) -> Option<HostSeen<'_>> {
        let place = *self.places.get(host)?;
        let host = &self.hosts[place as usize];
        Some(HostSeen {
            weight: host.weight,
            aside: host.aside.as_deref(),
            lost: host.lost.as_ref().map(|(_, detail)| detail.as_str()),
            refused: host.refused.as_deref(),
            started: host.touched().started,
            healthy: host.is_ready(),
            is_final: host.standing == Standing::Final,
            pending: self.pending.contains(&place),
        })
    }

    /// Returns the hosts that were set aside, with the reason.
    pub fn aside(&self) -> Vec<(HostId, String)> {
        if self.failed == 0 {
            return Vec::new();
        }
        let hosts = self.plan.hosts.iter().zip(&self.hosts);
        hosts
            .filter_map(|(plan, host)| Some((plan.host.clone(), host.aside.clone()?)))
            .collect()
    }

    /// Returns the hosts that do not answer, refuse or were set aside, with what was seen. Once nothing is
    /// looked at any more, one that did not answer last is behind only where it was still waited for.
    pub fn hosts_behind(&self) -> Vec<(HostId, String)> {
        let halted = self.is_halted();
        let hosts = (0u32..).zip(self.plan.hosts.iter().zip(&self.hosts));
        hosts
            .filter_map(|(place, (plan, host))| {
                let lost = host.lost.as_ref();
                let lost = lost.filter(|_| !halted || self.pending.contains(&place));
                let detail = host
                    .aside
                    .clone()
                    .or_else(|| host.refused.clone())
                    .or_else(|| lost.map(|(_, detail)| detail.clone()))?;
                Some((plan.host.clone(), detail))
            })
            .collect()
    }

    /// Returns what analyses found.
    pub fn judged(&self) -> &[Judged] {
        &self.judged
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
        if self.is_halted() || self.stage == Stage::Planned {
            return Vec::new();
        }
        let of_step = self.current().map(|(_, step)| step);
        let in_step = |place: u32| {
            of_step.is_some_and(|step| {
                step.work != Work::Clear && step.hosts.binary_search(&place).is_ok()
            })
        };
        (0u32..)
            .zip(self.plan.hosts.iter().zip(&self.hosts))
            .filter_map(|(place, (plan, host))| {
                let instances = match self.stage {
                    Stage::Reverting(_) if self.work() == Some(Work::Restore) => {
                        in_step(place).then(|| plan.stable.clone())?
                    }
                    Stage::Reverting(_) => in_step(place).then(Vec::new)?,
                    _ if host.aside.is_some() => self.watched_aside(place)?,
                    _ if host.standing == Standing::Untouched && !in_step(place) => return None,
                    _ => plan.candidate_ids(),
                };
                Some(Watch {
                    host: plan.host.clone(),
                    instances,
                    stable: plan.stable_version.as_ref().map(|own| own.artifact.clone()),
                })
            })
            .collect()
    }

    /// Returns whose health is looked at on a host that was set aside, as long as it is brought back.
    fn watched_aside(&self, place: u32) -> Option<Vec<InstanceId>> {
        let (plan, host) = (
            &self.plan.hosts[place as usize],
            &self.hosts[place as usize],
        );
        let restores = host.asked.contains(&Task::Restore(0)) && !host.is_restored();
        if restores {
            return Some(plan.stable.clone());
        }
        let drains = host.done.contains(&Task::DrainBack) && !host.passed;
        drains.then(Vec::new)
    }

    /// Returns the leases that are to be renewed at `now`, well within [`crate::Timing::orphan_timeout_ms`].
    pub fn leases(&self, now: Tick) -> Vec<Lease> {
        if !matches!(self.stage, Stage::Reversible(_)) {
            return Vec::new();
        }
        let ttl_ms = self.lease_ms(now);
        self.plan
            .hosts
            .iter()
            .zip(&self.hosts)
            .filter(|(plan, host)| !plan.stable.is_empty() && host.is_leased())
            .filter(|(_, host)| !host.touched().vacated)
            .map(|(plan, _)| Lease {
                host: plan.host.clone(),
                ttl_ms,
            })
            .collect()
    }

    /// Returns for how long weights are leased: `orphan_timeout`, or as long as may be waited.
    pub(crate) fn lease_ms(&self, now: Tick) -> u64 {
        let orphan_timeout_ms = self.plan.timing.orphan_timeout_ms;
        match &self.waiting {
            Some(Waiting {
                until: Some(until), ..
            }) => {
                // Never longer, also where a clock was set back.
                let longest_ms = self.plan.timing.pause_max_ms;
                until.since(now).min(longest_ms).max(orphan_timeout_ms)
            }
            _ => orphan_timeout_ms,
        }
    }

    /// Says whether a person has to say what became of the release command.
    pub(crate) fn awaits_decision(&self) -> bool {
        let waiting = self.waiting.as_ref();
        waiting.is_some_and(|waiting| waiting.what == WaitFor::Command)
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
