//! From the settings to what the coordinator is asked for.

use std::time::Duration;

use coordinator::{Request, ServiceSettings, Target};
use rollout::{ArtifactId, Chosen, Moving, ReleaseCommand, ServiceKey, Timing, Tolerance, Version};

use crate::failure::{Failure, Kind, OrFail};
use crate::settings::{Resolved, Strategy};

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
        strategy: match deploy.strategy {
            Strategy::BlueGreen => rollout::Strategy::BlueGreen,
        },
        instances_per_host: deploy.instances,
        applications,
        timing: timing(settings),
        tolerance: Tolerance::USUAL,
        moving: Moving {
            sockets_per_second: deploy.sockets_per_second,
            close_code: deploy.close_code,
        },
        release_command: command.map(|args| ReleaseCommand {
            args,
            timeout_ms: millis(deploy.release_command_timeout),
        }),
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
    }
}

fn service_settings(settings: &Resolved) -> ServiceSettings {
    ServiceSettings {
        node: settings.node.clone(),
        ports: settings.ports.clone(),
        http_port: settings.http_port.clone(),
        health: settings.health_check(),
        stop_timeout_ms: millis(settings.stop_timeout),
        log_bytes_max: settings.log_bytes_max,
        log_files: settings.log_files,
        listen: settings.proxy.listen,
        hosts: settings.proxy.hosts.clone(),
        path_prefix: settings.proxy.path_prefix.clone(),
        limits: settings.proxy.limits.clone(),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
