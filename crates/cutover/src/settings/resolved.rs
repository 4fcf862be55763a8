//! The settings in force for one environment, typed, with nothing left to decide.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use super::file::Strategy;
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
    pub(crate) proxy: ProxySettings,
    pub(crate) deploy: DeploySettings,
    /// The first part of the node name.
    pub(crate) node: String,
    pub(crate) stop_timeout: Duration,
    pub(crate) log_bytes_max: u64,
    pub(crate) log_files: u32,
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
}

/// `[proxy]` in force.
#[derive(Debug, Clone)]
pub(crate) struct ProxySettings {
    pub(crate) listen: std::net::SocketAddr,
    pub(crate) hosts: Vec<String>,
    pub(crate) path_prefix: String,
    pub(crate) limits: ::proxy::control::v1::Limits,
}

/// `[deploy]` in force.
#[derive(Debug, Clone)]
pub(crate) struct DeploySettings {
    pub(crate) strategy: Strategy,
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
