//! What a person asks a coordinator for.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use agent::api::v1::{HealthCheck, InstanceSpec, Route, RouteVersion};
use proxy::control::v1::{Commitment, Limits};
use rollout::{
    ArtifactId, Chosen, Moving, ReleaseCommand, ServiceKey, Strategy, Timing, Tolerance, Version,
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
}

impl ServiceSettings {
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
            beam: None,
            hooks: Vec::new(),
            stop_timeout_ms: self.stop_timeout_ms,
            log_bytes_max: self.log_bytes_max,
            log_files: self.log_files,
        }
    }

    pub(crate) fn route(
        &self,
        shares: &[rollout::Share],
        commitment: &rollout::Commitment,
    ) -> Route {
        Route {
            listen: self.listen,
            hosts: self.hosts.clone(),
            path_prefix: self.path_prefix.clone(),
            limits: self.limits.clone(),
            versions: shares
                .iter()
                .map(|share| RouteVersion {
                    artifact: share.artifact.to_string(),
                    weight: share.weight,
                    instances: share.instances.iter().map(ToString::to_string).collect(),
                })
                .collect(),
            commitment: match commitment {
                rollout::Commitment::Committed => Commitment::Committed,
                rollout::Commitment::Leased { ttl_ms, stable } => Commitment::Leased {
                    ttl_ms: *ttl_ms,
                    stable: stable.to_string(),
                },
            },
            sticky: None,
            testers: None,
            preview: None,
            readiness: None,
        }
    }
}
