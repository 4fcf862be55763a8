//! What the agent is told, made of the settings.

use std::time::Duration;

use agent::api::v1::{HealthCheck, InstanceSpec, Route, RouteVersion};
use proxy::control::v1::{Commitment, Drain};

use super::resolved::{Health, Resolved};

impl Resolved {
    /// The specification of the instance in a slot (from 1) that runs an artifact.
    pub(crate) fn instance_spec(&self, slot: u32, artifact: &str) -> InstanceSpec {
        InstanceSpec {
            service: self.key(),
            artifact: artifact.to_owned(),
            slot,
            node: self.node.clone(),
            env: self.env.clone(),
            ports: self.ports.clone(),
            http_port: self.http_port.clone(),
            health: self.health_check(),
            stop_timeout_ms: millis(self.stop_timeout),
            log_bytes_max: self.log_bytes_max,
            log_files: self.log_files,
        }
    }

    /// The health check of every instance.
    pub(crate) fn health_check(&self) -> HealthCheck {
        match &self.health {
            Health::Http { path, timeout } => HealthCheck::Http {
                path: path.clone(),
                timeout_ms: millis(*timeout),
            },
            Health::Tcp { timeout } => HealthCheck::Tcp {
                timeout_ms: millis(*timeout),
            },
        }
    }

    /// The route of the service to `versions`, whose weights sum to 100.
    pub(crate) fn route(&self, versions: Vec<RouteVersion>, commitment: Commitment) -> Route {
        Route {
            listen: self.proxy.listen,
            hosts: self.proxy.hosts.clone(),
            path_prefix: self.proxy.path_prefix.clone(),
            limits: self.proxy.limits.clone(),
            versions,
            commitment,
        }
    }

    /// The drain of an artifact that has no weight any more.
    pub(crate) fn drain(&self, artifact: &str) -> Drain {
        Drain {
            artifact: artifact.to_owned(),
            deadline_ms: millis(self.deploy.drain_timeout),
            sockets_per_second: self.deploy.sockets_per_second,
            close_code: self.deploy.close_code,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
