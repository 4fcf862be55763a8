//! The wire twin of a plan.

use serde::{Deserialize, Serialize};

use super::analysis::Analysis;
use super::hook::{Background, Hook};
use super::step::Step;
use super::strategy::{HostCount, Strategy};
use super::twin::{ArtifactName, HostName, InstanceName, ServiceName, Twin, choice, record, words};
use super::warning::Warning;
use super::{VERSION, is_version_2};
use crate::journal::ReadError;

/// See [`crate::Plan`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as the domain's Plan")]
pub struct Plan {
    /// The version, which is 2.
    pub v: u32,
    pub service: ServiceName,
    pub purpose: Purpose,
    pub strategy: Strategy,
    pub auto: Option<AutoChoice>,
    pub candidate: Version,
    pub stable: Option<Version>,
    pub hosts: Vec<HostPlan>,
    pub left_out: Vec<LeftOut>,
    pub steps: Vec<Step>,
    pub hooks: Vec<Hook>,
    pub analyses: Vec<Analysis>,
    pub background: Background,
    pub timing: Timing,
    pub tolerance: Tolerance,
    pub moving: Moving,
    pub release_command: Option<ReleaseCommand>,
    pub sockets_open: u64,
    pub warnings: Vec<Warning>,
}

words!(
    /// See [`crate::Purpose`].
    Purpose = crate::Purpose { Deploy, Rollback }
);
words!(
    /// See [`crate::Readiness`].
    Readiness = crate::Readiness { Fresh, Stored, Warm }
);
record!(
    /// See [`crate::AutoChoice`].
    AutoChoice = crate::AutoChoice { hot: bool, reasons: Vec<String> }
);
choice!(
    /// See [`crate::LeftOut`].
    LeftOut = crate::LeftOut {
        Unreachable { host: HostName, detail: String },
        UpToDate { host: HostName },
    }
);
record!(
    /// See [`crate::Version`].
    Version = crate::Version { artifact: ArtifactName, vsn: String }
);
record!(
    /// See [`crate::HostPlan`].
    HostPlan = crate::HostPlan {
        host: HostName,
        clear: Vec<InstanceName>,
        candidate: Vec<Placement>,
        stable: Vec<InstanceName>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stable_version: Option<Version>,
    }
);
record!(
    /// See [`crate::Placement`].
    Placement = crate::Placement { instance: InstanceName, slot: u32, readiness: Readiness }
);
record!(
    /// See [`crate::Timing`].
    Timing = crate::Timing {
        min_healthy_time_ms: u64,
        healthy_deadline_ms: u64,
        progress_deadline_ms: u64,
        watch_ms: u64,
        drain_timeout_ms: u64,
        after_ms: u64,
        rollback_window_ms: u64,
        orphan_timeout_ms: u64,
        probe_every_ms: u64,
        pause_max_ms: u64,
    }
);
record!(
    /// See [`crate::Tolerance`].
    Tolerance = crate::Tolerance {
        restarts_max: u32,
        unhealthy_max: u32,
        errors_min: u64,
        errors_over_stable_permille: u32,
        failure_budget: HostCount,
        min_available: HostCount,
    }
);
record!(
    /// See [`crate::Moving`].
    Moving = crate::Moving { sockets_per_second: u32, close_code: u16 }
);
record!(
    /// See [`crate::ReleaseCommand`].
    ReleaseCommand = crate::ReleaseCommand { args: Vec<String>, timeout_ms: u64 }
);

impl From<&crate::Plan> for Plan {
    fn from(plan: &crate::Plan) -> Self {
        Self {
            v: VERSION,
            service: Twin::write(&plan.service),
            purpose: Twin::write(&plan.purpose),
            strategy: Twin::write(&plan.strategy),
            auto: Twin::write(&plan.auto),
            candidate: Twin::write(&plan.candidate),
            stable: Twin::write(&plan.stable),
            hosts: Twin::write(&plan.hosts),
            left_out: Twin::write(&plan.left_out),
            steps: plan.steps.iter().filter_map(Step::write).collect(),
            hooks: Twin::write(&plan.hooks),
            analyses: Twin::write(&plan.analyses),
            background: Twin::write(&plan.background),
            timing: Twin::write(&plan.timing),
            tolerance: Twin::write(&plan.tolerance),
            moving: Twin::write(&plan.moving),
            release_command: Twin::write(&plan.release_command),
            sockets_open: plan.sockets_open,
            warnings: Twin::write(&plan.warnings),
        }
    }
}

impl TryFrom<Plan> for crate::Plan {
    type Error = ReadError;

    /// Every place that the plan refers to is there afterwards.
    fn try_from(plan: Plan) -> Result<Self, ReadError> {
        is_version_2(plan.v)?;
        let hosts: Vec<crate::HostPlan> = plan.hosts.read()?;
        let steps = plan.steps.into_iter();
        let read = Self {
            service: plan.service.read()?,
            purpose: plan.purpose.read()?,
            strategy: plan.strategy.read()?,
            auto: plan.auto.read()?,
            candidate: plan.candidate.read()?,
            stable: plan.stable.read()?,
            left_out: plan.left_out.read()?,
            steps: steps
                .map(|step| step.read(hosts.len()))
                .collect::<Result<_, _>>()?,
            hosts,
            hooks: plan.hooks.read()?,
            analyses: plan.analyses.read()?,
            background: plan.background.read()?,
            timing: plan.timing.read()?,
            tolerance: plan.tolerance.read()?,
            moving: plan.moving.read()?,
            release_command: plan.release_command.read()?,
            sockets_open: plan.sockets_open,
            warnings: plan.warnings.read()?,
        };
        for step in &read.steps {
            let missing = match step.work {
                crate::Work::Hook(hook) => hook as usize >= read.hooks.len(),
                crate::Work::Analysis(analysis) => analysis as usize >= read.analyses.len(),
                _ => false,
            };
            if missing {
                return Err(ReadError::Invalid {
                    what: format!("step {}", step.name),
                    why: "what it refers to is not there".into(),
                });
            }
        }
        Ok(read)
    }
}
