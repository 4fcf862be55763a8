//! The plan of a rollout: computed first, in full.

mod bounds;
mod compute;
mod hook;
mod step;
mod strategy;
mod warning;

pub use bounds::{Bounds, Moving, Timing, Tolerance};
pub use compute::{
    Chosen, HostFacts, HotVerdict, InstanceFact, Mark, PlanError, Request, RouteFact, compute,
};
pub use hook::{Hook, HookPoint, HookRun, HookSite, OnFailure};
pub use step::{HotWork, Step, Work};
pub use strategy::{
    Analysis, BlueGreen, Canary, CanaryStep, Hot, HostCount, Metric, Pause, Rolling, Source,
    Stickiness, Strategy, Surge,
};
pub use warning::Warning;

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
    /// Hosts of the fleet that are left out, with the reason: they do not answer, or have the candidate
    /// already.
    pub left_out: Vec<(HostId, String)>,
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
