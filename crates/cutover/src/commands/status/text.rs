//! The status as people read it.

use agent::api::v1::{InstanceState, InstanceStatus};

use super::Status;
use crate::commands::lock;
use crate::printer::{DIM, ago, until};

pub(super) fn render(status: &Status) -> String {
    let mut lines = Vec::new();
    let url = status.url.as_deref();
    lines.push(match url {
        Some(url) => format!("{} at {url}", status.service),
        None => format!("{} is not deployed here", status.service),
    });
    if let Some(current) = &status.current {
        lines.push(format!(
            "  serves     {} {}, decided {} ({})",
            current.vsn,
            short(&current.artifact),
            ago(current.at_ms),
            current.rollout
        ));
    }
    lines.extend(status.instances.iter().map(|i| instance(status, i)));
    if let Some(proxy) = &status.agent.proxy {
        lines.push(format!("  proxy      pid {}, {}", proxy.pid, proxy.version));
    } else {
        lines.push("  proxy      does not answer; the agent starts it again".to_owned());
    }
    lines.push(format!(
        "  agent      pid {}, {}, started {}",
        status.agent.pid,
        status.agent.version,
        ago(status.agent.started_ms)
    ));
    if let Some(lease) = &status.lock {
        lines.push(format!("  lock       {}", lock::words(lease)));
    }
    if let Some(rollout) = &status.unfinished {
        lines.push(format!(
            "  unfinished {rollout}: `cutover resume` or `cutover abort` ends it"
        ));
    }
    lines.extend(
        status
            .bad
            .iter()
            .map(|mark| format!("  bad        {} {}", short(&mark.artifact), mark.why)),
    );
    lines.join("\n")
}

fn instance(status: &Status, instance: &InstanceStatus) -> String {
    let weight = status.route.as_ref().and_then(|route| {
        let versions = &route.config.versions;
        let version = versions.iter().find(|v| v.artifact == instance.artifact)?;
        let takes = version.backends.iter().any(|b| b.instance == instance.id);
        takes.then_some(version.weight)
    });
    let state = match (instance.state, instance.healthy) {
        (InstanceState::Running, Some(true)) => "healthy",
        (InstanceState::Running, Some(false)) => "not healthy",
        (InstanceState::Running, None) => "running",
        (InstanceState::BackingOff, _) => "crashed, starts again soon",
        (InstanceState::Stopping, _) => "stopping",
        (InstanceState::Stopped, _) => "stopped",
    };
    let mut more = Vec::new();
    more.extend(
        weight
            .filter(|w| *w > 0)
            .map(|w| format!("{w} % of the traffic")),
    );
    more.extend(
        instance
            .warm_until_ms
            .map(|ms| format!("warm for {}", until(ms))),
    );
    more.extend(instance.pid.map(|pid| format!("pid {pid}")));
    if instance.restarts > 0 {
        more.push(format!("{} restarts", instance.restarts));
    }
    more.extend(
        instance
            .last_exit
            .as_ref()
            .filter(|_| instance.state != InstanceState::Running)
            .cloned(),
    );
    format!(
        "  instance   {} {} {} on {}: {state} {DIM}{}{DIM:#}",
        instance.id,
        instance.vsn,
        short(&instance.artifact),
        instance.address,
        more.join(", ")
    )
}

fn short(artifact: &str) -> &str {
    artifact.get(..12).unwrap_or(artifact)
}
