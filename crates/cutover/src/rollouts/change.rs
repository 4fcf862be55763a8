//! From the settings to what the coordinator is asked for.

use std::time::Duration;

use coordinator::{
    NamedUrl, PrometheusServer, Request, ServiceSettings, Target, TestersHeader, Webhooks,
};
use rollout::{ArtifactId, Chosen, Moving, ReleaseCommand, ServiceKey, Timing, Tolerance, Version};

use crate::failure::{Failure, Kind, OrFail};
use crate::settings::{Resolved, Webhook};

/// What is to serve.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// This artifact.
    Deploy {
        /// Its manifest.
        manifest: Box<release::Manifest>,
        /// Its id.
        artifact: release::ArtifactId,
        /// Whether a person named it.
        chosen: Chosen,
    },
    /// An earlier version: that artifact, or the newest one that is not bad.
    Rollback {
        /// The artifact id, if one was named.
        to: Option<ArtifactId>,
    },
}

/// Makes the request of the settings.
pub(crate) fn request(settings: &Resolved, wanted: Wanted) -> Result<Request, Failure> {
    let service = ServiceKey::parse(&settings.key()).or_fail(Kind::Configuration)?;
    let (target, applications) = match wanted {
        Wanted::Deploy {
            manifest,
            artifact,
            chosen,
        } => {
            let artifact = ArtifactId::parse(&artifact.to_string()).or_fail(Kind::Other)?;
            let version = Version {
                artifact,
                vsn: manifest.vsn.clone(),
            };
            let applications = manifest.applications.iter().map(|a| a.name.clone());
            (Target::Deploy { version, chosen }, applications.collect())
        }
        Wanted::Rollback { to } => (Target::Rollback { to }, Vec::new()),
    };
    let deploy = &settings.deploy;
    let command = deploy.release_command.clone();
    Ok(Request {
        service,
        target,
        strategy: deploy.strategy.clone(),
        instances_per_host: deploy.instances,
        applications,
        timing: timing(settings),
        tolerance: Tolerance {
            failure_budget: deploy.failure_budget,
            min_available: deploy.min_available,
            ..Tolerance::USUAL
        },
        moving: Moving {
            sockets_per_second: deploy.sockets_per_second,
            close_code: deploy.close_code,
        },
        release_command: command.map(|args| ReleaseCommand {
            args,
            timeout_ms: millis(deploy.release_command_timeout),
        }),
        background: deploy.background.clone(),
        hooks: settings.hooks.rollout.clone(),
        verdict: None,
        settings: service_settings(settings),
        env: settings.env.clone(),
    })
}

fn timing(settings: &Resolved) -> Timing {
    let deploy = &settings.deploy;
    Timing {
        min_healthy_time_ms: millis(deploy.min_healthy_time),
        healthy_deadline_ms: millis(deploy.healthy_deadline),
        progress_deadline_ms: millis(deploy.progress_deadline),
        watch_ms: millis(deploy.watch),
        drain_timeout_ms: millis(deploy.drain_timeout),
        after_ms: millis(deploy.observe_after),
        rollback_window_ms: millis(deploy.rollback_window),
        orphan_timeout_ms: millis(deploy.orphan_timeout),
        probe_every_ms: millis(settings.health_interval),
        pause_max_ms: millis(deploy.pause_max),
    }
}

fn service_settings(settings: &Resolved) -> ServiceSettings {
    ServiceSettings {
        node: settings.node.clone(),
        ports: settings.ports.clone(),
        http_port: settings.http_port.clone(),
        health: settings.health_check(),
        beam: settings.beam.clone(),
        lifecycle: settings.lifecycle(),
        stop_timeout_ms: millis(settings.stop_timeout),
        log_bytes_max: settings.log_bytes_max,
        log_files: settings.log_files,
        listen: settings.proxy.listen,
        hosts: settings.proxy.hosts.clone(),
        path_prefix: settings.proxy.path_prefix.clone(),
        limits: settings.proxy.limits.clone(),
        sticky_cookie: settings.proxy.sticky_cookie.clone(),
        testers: settings
            .proxy
            .testers
            .clone()
            .map(|(header, value)| TestersHeader { header, value }),
        preview: settings.proxy.preview,
        readiness: settings.proxy.readiness.clone(),
        prometheus: settings
            .prometheus
            .as_ref()
            .map(|prometheus| PrometheusServer {
                url: prometheus.url.clone(),
                timeout_ms: millis(prometheus.timeout),
                token_file: prometheus.token_file.clone(),
            }),
        webhooks: Webhooks {
            event: urls(&settings.hooks.event),
            rollback: urls(&settings.hooks.rollback),
        },
    }
}

fn urls(webhooks: &[Webhook]) -> Vec<NamedUrl> {
    let webhooks = webhooks.iter();
    webhooks
        .map(|webhook| NamedUrl {
            name: webhook.name.clone(),
            url: webhook.url.clone(),
        })
        .collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
