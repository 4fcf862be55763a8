//! What a person asks a coordinator for.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use agent::api::v1::{BeamHealth, HealthCheck, InstanceSpec, LifecycleHook};
use proxy::control::v1::Limits;
use rollout::{
    ArtifactId, Background, Chosen, Hook, HotVerdict, Moving, ReleaseCommand, ServiceKey, Strategy,
    Timing, Tolerance, Version,
};
use serde::{Deserialize, Serialize};

/// A change of the version that serves, with everything it goes by.
#[derive(Debug, Clone)]
pub struct Request {
    /// The service in its environment.
    pub service: ServiceKey,
    /// What is to serve.
    pub target: Target,
    /// How the version is to be changed.
    pub strategy: Strategy,
    /// Instances on each host.
    pub instances_per_host: u32,
    /// Names of the applications in the release, for warnings; empty where they are not known.
    pub applications: Vec<String>,
    /// Deadlines and durations.
    pub timing: Timing,
    /// What is put up with.
    pub tolerance: Tolerance,
    /// How clients are moved.
    pub moving: Moving,
    /// The release command; a rollback runs none.
    pub release_command: Option<ReleaseCommand>,
    /// Background work that is moved beside the traffic.
    pub background: Background,
    /// Hooks at points of the rollout; a rollback runs them too.
    pub hooks: Vec<Hook>,
    /// What the comparison of the two releases says of a hot upgrade, where it was made.
    pub verdict: Option<HotVerdict>,
    /// How instances run and where they are reached.
    pub settings: ServiceSettings,
    /// The environment of instances, which may hold secrets: it reaches agents, and is in no journal.
    pub env: BTreeMap<String, String>,
}

/// What is to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// This version, which every host has in its store.
    Deploy {
        /// Which.
        version: Version,
        /// How it was chosen.
        chosen: Chosen,
    },
    /// An earlier version: the one named, or the newest one that is not marked bad.
    Rollback {
        /// Which, if one is named.
        to: Option<ArtifactId>,
    },
}

/// How instances run and where they are reached; journaled with the plan, so it holds no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSettings {
    /// The first part of the node name.
    pub node: String,
    /// Ports by the variable that tells the instance; `None` picks a free one.
    pub ports: BTreeMap<String, Option<u16>>,
    /// The variable of the port that the proxy and the health check talk to.
    pub http_port: String,
    /// How to tell that an instance is healthy.
    pub health: HealthCheck,
    /// What its node must be like as well.
    #[serde(default)]
    pub beam: Option<BeamHealth>,
    /// Commands around the life of an instance.
    #[serde(default)]
    pub lifecycle: Vec<LifecycleHook>,
    /// How long an instance may take to stop, in milliseconds.
    pub stop_timeout_ms: u64,
    /// Size at which a log file is rotated, in bytes.
    pub log_bytes_max: u64,
    /// How many rotated log files are kept.
    pub log_files: u32,
    /// The address that the proxy listens on.
    pub listen: SocketAddr,
    /// Host names claimed; empty claims all.
    pub hosts: Vec<String>,
    /// The path prefix claimed.
    pub path_prefix: String,
    /// Timeouts and limits of the proxy.
    pub limits: Limits,
    /// The cookie that keeps a client with its version, where the strategy wants it.
    #[serde(default = "usual_cookie")]
    pub sticky_cookie: String,
    /// The header that sends a tester to the candidate.
    #[serde(default)]
    pub testers: Option<TestersHeader>,
    /// The address at which the candidate is reached before it has traffic.
    #[serde(default)]
    pub preview: Option<SocketAddr>,
    /// The path that a balancer in front asks whether to send traffic to a host.
    #[serde(default)]
    pub readiness: Option<String>,
    /// The Prometheus that metrics are asked of.
    #[serde(default)]
    pub prometheus: Option<PrometheusServer>,
    /// Webhooks beside the hooks of the plan.
    #[serde(default)]
    pub webhooks: Webhooks,
}

/// The header that sends a tester to the candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestersHeader {
    /// Its name, such as `x-cutover-candidate`.
    pub header: String,
    /// Its exact value; without it any value counts.
    pub value: Option<String>,
}

/// A Prometheus server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrometheusServer {
    /// Where its API is reached, such as `http://127.0.0.1:9090`.
    pub url: String,
    /// Time for one answer, in milliseconds.
    pub timeout_ms: u64,
    /// A file with a bearer token; read at each question.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
}

/// Webhooks that are no hooks of the plan, with Flagger's words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhooks {
    /// Told of every phase and step; what they answer changes nothing.
    #[serde(default)]
    pub event: Vec<NamedUrl>,
    /// Asked every few seconds while stable can still come back: 2xx aborts the rollout.
    #[serde(default)]
    pub rollback: Vec<NamedUrl>,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedUrl {
    /// What people call it.
    pub name: String,
    /// Where it is called.
    pub url: String,
}

/// The cookie of a client's bucket, unless another is configured.
pub(crate) fn usual_cookie() -> String {
    "cutover_bucket".into()
}

impl ServiceSettings {
    /// Says whether testers can be let at the candidate before it has traffic.
    pub(crate) fn lets_testers_in(&self) -> bool {
        self.testers.is_some() || self.preview.is_some()
    }

    pub(crate) fn instance(
        &self,
        service: &ServiceKey,
        artifact: &ArtifactId,
        slot: u32,
        env: &BTreeMap<String, String>,
    ) -> InstanceSpec {
        InstanceSpec {
            service: service.to_string(),
            artifact: artifact.to_string(),
            slot,
            node: self.node.clone(),
            env: env.clone(),
            ports: self.ports.clone(),
            http_port: self.http_port.clone(),
            health: self.health.clone(),
            beam: self.beam.clone(),
            hooks: self.lifecycle.clone(),
            stop_timeout_ms: self.stop_timeout_ms,
            log_bytes_max: self.log_bytes_max,
            log_files: self.log_files,
        }
    }
}
