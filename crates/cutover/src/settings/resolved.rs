//! The settings in force for one environment, typed, with nothing left to decide.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use super::file::{HookAt, OnFailure};
use super::port::PortChoice;
use super::resolve::Row;

/// The settings in force.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    /// The directory of the settings file, which is the project's.
    pub(crate) dir: PathBuf,
    pub(crate) service: String,
    /// The environment they are for.
    pub(crate) environment: String,
    /// The release to build; `None` is the project's default one.
    pub(crate) release: Option<String>,
    pub(crate) build: BuildSettings,
    /// Variables of every instance, from `[env]` and the env file. They may be secret.
    pub(crate) env: BTreeMap<String, String>,
    /// Ports by variable; `None` is any free one.
    pub(crate) ports: BTreeMap<String, Option<u16>>,
    pub(crate) http_port: String,
    pub(crate) health: Health,
    pub(crate) health_interval: Duration,
    /// What the node must be like as well.
    pub(crate) beam: Option<agent::api::v1::BeamHealth>,
    pub(crate) proxy: ProxySettings,
    pub(crate) deploy: DeploySettings,
    /// The first part of the node name.
    pub(crate) node: String,
    pub(crate) stop_timeout: Duration,
    pub(crate) log_bytes_max: u64,
    pub(crate) log_files: u32,
    pub(crate) hooks: Hooks,
    pub(crate) prometheus: Option<Prometheus>,
    /// The hosts, the lead one first; none where it is this machine alone.
    pub(crate) hosts: Vec<HostSetting>,
    /// Every key with its value and origin, in the order of the documentation.
    pub(crate) rows: Vec<Row>,
}

/// `[build]` in force.
#[derive(Debug, Clone)]
pub(crate) struct BuildSettings {
    pub(crate) mix_env: String,
    pub(crate) clean: bool,
    /// Commands before `mix release`: program and arguments, never empty.
    pub(crate) before: Vec<Vec<String>>,
    pub(crate) env: BTreeMap<String, String>,
}

/// The health check in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Health {
    /// `GET path` answers 2xx within `timeout`.
    Http { path: String, timeout: Duration },
    /// The port accepts a connection within `timeout`.
    Tcp { timeout: Duration },
    /// A program ends with 0 within `timeout`.
    Command {
        words: Vec<String>,
        timeout: Duration,
    },
}

/// A host in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostSetting {
    pub(crate) name: String,
    /// The directory of its agent on this machine.
    pub(crate) home: PathBuf,
}

/// `[prometheus]` in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prometheus {
    pub(crate) url: String,
    /// A file with a bearer token.
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) timeout: Duration,
}

/// `[[hooks]]` in force, by who runs them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hooks {
    /// Before the build: program and arguments, with the time for each.
    pub(crate) pre_build: Vec<BuildHook>,
    /// After it.
    pub(crate) post_build: Vec<BuildHook>,
    /// At points of a rollout.
    pub(crate) rollout: Vec<rollout::Hook>,
    /// Around an instance's life, on its host.
    pub(crate) lifecycle: Vec<LifecycleHook>,
    /// Webhooks that are asked whether to give the rollout up.
    pub(crate) rollback: Vec<Webhook>,
    /// Webhooks that are asked with every measurement of an analysis.
    pub(crate) during_analysis: Vec<Webhook>,
    /// Webhooks that are told of every change.
    pub(crate) event: Vec<Webhook>,
}

/// A hook of the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuildHook {
    pub(crate) words: Vec<String>,
    pub(crate) timeout: Duration,
    pub(crate) on_failure: OnFailure,
}

/// A hook around an instance's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LifecycleHook {
    pub(crate) at: HookAt,
    pub(crate) name: String,
    pub(crate) words: Vec<String>,
    pub(crate) timeout: Duration,
    pub(crate) on_failure: OnFailure,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Webhook {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) timeout: Duration,
}

/// `[proxy]` in force.
#[derive(Debug, Clone)]
pub(crate) struct ProxySettings {
    pub(crate) listen: std::net::SocketAddr,
    pub(crate) hosts: Vec<String>,
    pub(crate) path_prefix: String,
    pub(crate) limits: ::proxy::control::v1::Limits,
    pub(crate) sticky_cookie: String,
    /// The preview address, where there is one.
    pub(crate) preview: Option<std::net::SocketAddr>,
    /// The header by which testers are known, with its value.
    pub(crate) testers: Option<(String, Option<String>)>,
    /// The path that the proxy answers itself.
    pub(crate) readiness: Option<String>,
}

/// `[deploy]` in force.
#[derive(Debug, Clone)]
pub(crate) struct DeploySettings {
    pub(crate) strategy: rollout::Strategy,
    pub(crate) instances: u32,
    pub(crate) min_healthy_time: Duration,
    pub(crate) healthy_deadline: Duration,
    pub(crate) progress_deadline: Duration,
    pub(crate) watch: Duration,
    pub(crate) drain_timeout: Duration,
    pub(crate) sockets_per_second: u32,
    pub(crate) close_code: u16,
    pub(crate) rollback_window: Duration,
    pub(crate) observe_after: Duration,
    pub(crate) orphan_timeout: Duration,
    /// Arguments of the release's launcher; never empty.
    pub(crate) release_command: Option<Vec<String>>,
    pub(crate) release_command_timeout: Duration,
    pub(crate) background: rollout::Background,
    pub(crate) failure_budget: rollout::HostCount,
    pub(crate) min_available: rollout::HostCount,
    pub(crate) pause_max: Duration,
}

impl Resolved {
    /// What everything on a host is keyed by: `service.environment`.
    pub(crate) fn key(&self) -> String {
        format!("{}.{}", self.service, self.environment)
    }
}

impl From<PortChoice> for Option<u16> {
    fn from(choice: PortChoice) -> Self {
        match choice {
            PortChoice::Auto => None,
            PortChoice::Fixed(port) => Some(port),
        }
    }
}
