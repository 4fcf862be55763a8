//! What the agent is told, made of the settings.

use std::time::Duration;

use agent::api::v1::{HealthCheck, HookPoint, OnHookFailure};

use super::resolved::{Health, HookAt, OnFailure, Resolved};

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
            Health::Command { words, timeout } => HealthCheck::Command {
                words: words.clone(),
                timeout_ms: millis(*timeout),
            },
        }
    }

    /// The commands around the life of every instance.
    pub(crate) fn lifecycle(&self) -> Vec<agent::api::v1::LifecycleHook> {
        let hooks = self.hooks.lifecycle.iter();
        hooks
            .filter_map(|hook| {
                Some(agent::api::v1::LifecycleHook {
                    point: point(hook.at)?,
                    name: hook.name.clone(),
                    words: hook.words.clone(),
                    timeout_ms: millis(hook.timeout),
                    on_failure: match hook.on_failure {
                        OnFailure::Abort => OnHookFailure::Refuse,
                        OnFailure::Continue => OnHookFailure::Ignore,
                    },
                })
            })
            .collect()
    }
}

/// The point of an instance's life; none where it is a point of something else.
fn point(at: HookAt) -> Option<HookPoint> {
    Some(match at {
        HookAt::PreConfigure => HookPoint::PreConfigure,
        HookAt::PostConfigure => HookPoint::PostConfigure,
        HookAt::PreStart => HookPoint::PreStart,
        HookAt::PostStart => HookPoint::PostStart,
        HookAt::PreStop => HookPoint::PreStop,
        HookAt::PostStop => HookPoint::PostStop,
        _ => return None,
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
