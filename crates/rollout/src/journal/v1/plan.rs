//! The wire twin of a plan.

use serde::Deserialize;

use crate::name::{ArtifactId, HostId, InstanceId, NameError, ServiceKey};
use crate::plan as domain;

/// See [`domain::Plan`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "as the domain's Plan")]
pub struct Plan {
    pub service: String,
    pub purpose: Purpose,
    pub strategy: Strategy,
    pub candidate: Version,
    pub stable: Option<Version>,
    pub hosts: Vec<HostPlan>,
    pub timing: Timing,
    pub tolerance: Tolerance,
    pub moving: Moving,
    pub release_command: Option<ReleaseCommand>,
    pub sockets_open: u64,
    pub warnings: Vec<Warning>,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident),+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "as the domain's")]
        pub enum $name { $($variant),+ }

        impl From<$name> for domain::$name {
            fn from(word: $name) -> Self {
                match word { $($name::$variant => Self::$variant),+ }
            }
        }
    };
}

words!(
    /// See [`domain::Purpose`].
    Purpose { Deploy, Rollback }
);
/// How the version was changed: there was one strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's")]
pub enum Strategy {
    BlueGreen,
}
words!(
    /// See [`domain::Readiness`].
    Readiness { Fresh, Stored, Warm }
);

macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),+ $(,)? } $(else $rest:expr)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[expect(missing_docs, reason = "as the domain's")]
        pub struct $name { $(pub $field: $type),+ }

        impl From<$name> for domain::$name {
            fn from(it: $name) -> Self {
                Self { $($field: it.$field,)+ $(..$rest)? }
            }
        }
    };
}

record!(
    /// See [`domain::Timing`].
    Timing {
        min_healthy_time_ms: u64,
        healthy_deadline_ms: u64,
        progress_deadline_ms: u64,
        watch_ms: u64,
        drain_timeout_ms: u64,
        after_ms: u64,
        rollback_window_ms: u64,
        orphan_timeout_ms: u64,
        probe_every_ms: u64,
    } else domain::Timing::USUAL
);
record!(
    /// See [`domain::Tolerance`].
    Tolerance {
        restarts_max: u32,
        unhealthy_max: u32,
        errors_min: u64,
        errors_over_stable_permille: u32,
    } else domain::Tolerance::USUAL
);
record!(
    /// See [`domain::Moving`].
    Moving { sockets_per_second: u32, close_code: u16 }
);
record!(
    /// See [`domain::ReleaseCommand`].
    ReleaseCommand { args: Vec<String>, timeout_ms: u64 }
);

/// See [`domain::Version`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "as the domain's Version")]
pub struct Version {
    pub artifact: String,
    pub vsn: String,
}

/// See [`domain::HostPlan`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "as the domain's HostPlan")]
pub struct HostPlan {
    pub host: String,
    pub clear: Vec<String>,
    pub candidate: Vec<Placement>,
    pub stable: Vec<String>,
}

/// See [`domain::Placement`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "as the domain's Placement")]
pub struct Placement {
    pub instance: String,
    pub slot: u32,
    pub readiness: Readiness,
}

/// See [`domain::Warning`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's Warning")]
pub enum Warning {
    BothRunJobs,
    ClusterSlots { nodes: Vec<String> },
    MnesiaSlots { nodes: Vec<String> },
    SchemaStays,
    NoStable,
    WarmGivesWay { instances: Vec<String> },
    MarkedBad { why: String },
    SocketsOverBudget { open: u64, movable: u64 },
    CurrentDiffers { ledger: String, serving: String },
}

impl TryFrom<Plan> for domain::Plan {
    type Error = NameError;

    /// The steps are compiled: they were not written down.
    fn try_from(plan: Plan) -> Result<Self, NameError> {
        let Strategy::BlueGreen = plan.strategy;
        let mut read = Self {
            service: ServiceKey::parse(&plan.service)?,
            purpose: plan.purpose.into(),
            strategy: domain::Strategy::BlueGreen(domain::BlueGreen::PLAIN),
            auto: None,
            candidate: plan.candidate.try_into()?,
            stable: plan.stable.map(TryInto::try_into).transpose()?,
            hosts: plan
                .hosts
                .into_iter()
                .map(TryInto::try_into)
                .collect::<Result<_, _>>()?,
            left_out: Vec::new(),
            steps: Vec::new(),
            hooks: Vec::new(),
            analyses: Vec::new(),
            background: domain::Background::default(),
            timing: plan.timing.into(),
            tolerance: plan.tolerance.into(),
            moving: plan.moving.into(),
            release_command: plan.release_command.map(Into::into),
            sockets_open: plan.sockets_open,
            warnings: plan.warnings.into_iter().map(Into::into).collect(),
        };
        (read.steps, read.analyses) = domain::compile(&read, false);
        Ok(read)
    }
}

impl TryFrom<Version> for domain::Version {
    type Error = NameError;

    fn try_from(version: Version) -> Result<Self, NameError> {
        Ok(Self {
            artifact: ArtifactId::parse(&version.artifact)?,
            vsn: version.vsn,
        })
    }
}

impl TryFrom<HostPlan> for domain::HostPlan {
    type Error = NameError;

    fn try_from(plan: HostPlan) -> Result<Self, NameError> {
        let instances = |names: &[String]| -> Result<Vec<_>, NameError> {
            names.iter().map(|name| InstanceId::parse(name)).collect()
        };
        Ok(Self {
            host: HostId::parse(&plan.host)?,
            clear: instances(&plan.clear)?,
            candidate: plan
                .candidate
                .into_iter()
                .map(|placement| {
                    Ok(domain::Placement {
                        instance: InstanceId::parse(&placement.instance)?,
                        slot: placement.slot,
                        readiness: placement.readiness.into(),
                    })
                })
                .collect::<Result<_, NameError>>()?,
            stable: instances(&plan.stable)?,
            stable_version: None,
        })
    }
}

macro_rules! warnings {
    ($($variant:ident $({ $($field:ident),+ })?),+ $(,)?) => {

        impl From<Warning> for domain::Warning {
            fn from(warning: Warning) -> Self {
                match warning {
                    $(Warning::$variant $({ $($field),+ })? => Self::$variant $({ $($field),+ })?),+
                }
            }
        }
    };
}

warnings!(
    BothRunJobs,
    ClusterSlots { nodes },
    MnesiaSlots { nodes },
    SchemaStays,
    NoStable,
    WarmGivesWay { instances },
    MarkedBad { why },
    SocketsOverBudget { open, movable },
    CurrentDiffers { ledger, serving },
);
