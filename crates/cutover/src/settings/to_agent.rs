//! What the agent is told, made of the settings.

use std::time::Duration;

use agent::api::v1::HealthCheck;

use super::resolved::{Health, Resolved};

impl Resolved {
    /// The health check of every instance.
    pub(crate) fn health_check(&self) -> HealthCheck {
        match &self.health {
            Health::Http { path, timeout } => HealthCheck::Http {
                path: path.clone(),
                timeout_ms: millis(*timeout),
                host: None,
                statuses: Vec::new(),
            },
            Health::Tcp { timeout } => HealthCheck::Tcp {
                timeout_ms: millis(*timeout),
            },
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
