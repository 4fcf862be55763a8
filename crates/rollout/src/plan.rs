//! The plan of a rollout: computed first, in full.

mod bounds;
mod check;
mod choose;
mod compile;
mod compute;
mod hook;
mod left_out;
mod place;
mod refusal;
mod stable;
mod step;
mod strategy;
mod warning;
mod warnings;
mod way_back;
mod words;

pub use bounds::{Bounds, Moving, Timing, Tolerance};
pub(crate) use compile::compile;
pub use compute::{Chosen, HostFacts, HotVerdict, InstanceFact, Mark, Request, RouteFact, compute};
pub use hook::{Hook, HookPoint, HookRun, HookSite, OnFailure};
pub use left_out::LeftOut;
pub use refusal::PlanError;
pub use step::{HotWork, Step, Work};
pub use strategy::{
    Analysis, BlueGreen, Canary, CanaryStep, HostCount, Hot, Metric, Pause, Rolling, Source,
    Stickiness, Strategy, Surge,
};
pub use warning::Warning;
pub(crate) use way_back::{Touched, way_back};

use crate::name::{ArtifactId, HostId, InstanceId, ServiceKey};

/// Everything a rollout will do and wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The service in its environment.
    pub service: ServiceKey,
    /// Whether it brings something in or back.
    pub purpose: Purpose,
    /// How the version is changed; never [`Strategy::Auto`], which was resolved.
    pub strategy: Strategy,
    /// What `auto` chose and why, where a person left it the choice.
    pub auto: Option<AutoChoice>,
    /// The version that is brought in.
    pub candidate: Version,
    /// The version that serves, where there is one.
    pub stable: Option<Version>,
    /// The hosts, in the order of the fleet; the first one runs the release command.
    pub hosts: Vec<HostPlan>,
    /// Hosts of the fleet that are left out.
    pub left_out: Vec<LeftOut>,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// The hooks that steps run.
    pub hooks: Vec<Hook>,
    /// The analyses that steps make.
    pub analyses: Vec<Analysis>,
    /// Background work that is moved beside the traffic.
    pub background: Background,
    /// Deadlines and durations.
    pub timing: Timing,
    /// What is put up with.
    pub tolerance: Tolerance,
    /// How clients are moved.
    pub moving: Moving,
    /// The command that runs once before traffic, such as a migration.
    pub release_command: Option<ReleaseCommand>,
    /// WebSockets and event streams that were open when it was planned.
    pub sockets_open: u64,
    /// What a person should know before.
    pub warnings: Vec<Warning>,
}

/// What a rollout is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Brings in a version.
    Deploy,
    /// Brings an earlier version back.
    Rollback,
}

/// What `auto` chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoChoice {
    /// Whether it is the hot upgrade; else the fallback.
    pub hot: bool,
    /// Why, in words.
    pub reasons: Vec<String>,
}

/// How a version's background work (jobs, crons) is begun and ended. Each is idempotent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Background {
    /// Begins it; on the candidate around the switch, on stable on the way back.
    pub activate: Option<Job>,
    /// Ends it; on stable around the switch, on the candidate on the way back.
    pub quiesce: Option<Job>,
}

/// Something that an instance is told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// What.
    pub run: JobRun,
    /// Time for it, in milliseconds.
    pub timeout_ms: u64,
}

/// How an instance is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobRun {
    /// By an expression that the running node evaluates.
    Rpc {
        /// Elixir, such as `Shop.Jobs.start()`.
        expression: String,
    },
    /// By a program on its host, with the instance's environment.
    Command {
        /// The program, then its arguments.
        words: Vec<String>,
    },
}

/// A version: an artifact and its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The artifact, which is its identity.
    pub artifact: ArtifactId,
    /// The label that people gave it.
    pub vsn: String,
}

/// What happens on one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPlan {
    /// Which host.
    pub host: HostId,
    /// Instances in the way, which are removed first.
    pub clear: Vec<InstanceId>,
    /// The candidate's instances.
    pub candidate: Vec<Placement>,
    /// Stable's instances that take traffic; none on a host where the service is new.
    pub stable: Vec<InstanceId>,
    /// What those run, where it is not the plan's stable version: an earlier rollout left the host behind.
    pub stable_version: Option<Version>,
}

/// An instance of the candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Its id.
    pub instance: InstanceId,
    /// Its slot, from 1.
    pub slot: u32,
    /// What it takes to have it run.
    pub readiness: Readiness,
}

/// What it takes to have an instance run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It is new.
    Fresh,
    /// It was stopped and its root is there.
    Stored,
    /// It runs.
    Warm,
}

/// The release command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseCommand {
    /// The launcher's arguments, such as `["eval", "Shop.Release.migrate()"]`.
    pub args: Vec<String>,
    /// Time before it is killed, in milliseconds.
    pub timeout_ms: u64,
}

impl Plan {
    /// Returns what happens on a host.
    pub fn host(&self, host: &HostId) -> Option<&HostPlan> {
        self.hosts.iter().find(|plan| &plan.host == host)
    }

    /// Returns the version that serves on a host, by its place, and that it goes back to.
    pub fn stable_of(&self, place: usize) -> Option<&Version> {
        let own = self.hosts.get(place)?.stable_version.as_ref();
        own.or(self.stable.as_ref())
    }

    /// Returns the place of the step with the point of no return of the whole rollout.
    pub fn decision(&self) -> Option<usize> {
        self.steps.iter().rposition(|step| {
            matches!(
                step.work,
                Work::Commit { decides: true } | Work::Hot(HotWork::Commit)
            )
        })
    }

    /// Says whether the candidate runs on every host already.
    pub fn is_warm(&self) -> bool {
        self.hosts
            .iter()
            .flat_map(|host| &host.candidate)
            .all(|placement| placement.readiness == Readiness::Warm)
    }

    /// Returns how long the candidate is watched: a version that is brought back is known, and looked at
    /// once.
    pub fn watch_ms(&self) -> u64 {
        match self.purpose {
            Purpose::Deploy => self.timing.watch_ms,
            Purpose::Rollback => 0,
        }
    }

    /// Says whether testers are let at the candidate before it has traffic.
    pub fn has_preview(&self) -> bool {
        self.steps.iter().any(|step| step.work == Work::Preview)
    }

    /// Returns the bound over which a request is slow, in microseconds, where one is compared.
    pub fn slow_bound_us(&self) -> Option<u64> {
        self.analyses
            .iter()
            .filter_map(|analysis| analysis.latency)
            .find_map(|latency| match latency.bound {
                analysis::LatencyBound::Us(us) => Some(us),
                analysis::LatencyBound::StableQuantile { .. } => None,
            })
    }

    /// Returns how many more hosts may fail or be lost than were left out as such.
    pub(crate) fn budget_left(&self) -> usize {
        let unreachable = self.left_out.iter().filter(|out| out.is_failure()).count();
        self.tolerance
            .failure_budget
            .put_up_with(self.hosts.len() + self.left_out.len())
            .saturating_sub(unreachable)
    }
}

impl HostPlan {
    /// Returns the ids of the candidate's instances.
    pub fn candidate_ids(&self) -> Vec<InstanceId> {
        self.candidate
            .iter()
            .map(|placement| placement.instance.clone())
            .collect()
    }
}
