//! The status as people read it.

use agent::api::v1::{InstanceState, InstanceStatus};

use super::Status;
use super::host::HostStatus;
use crate::commands::{freeze, lock};
use crate::printer::{BAD, DIM, ago, until};

pub(super) fn render(status: &Status) -> String {
    let mut lines = Vec::new();
    lines.push(match (&status.url, status.hosts.as_slice()) {
        (None, _) => format!("{} is not deployed here", status.service),
        (Some(url), [_]) => format!("{} at {url}", status.service),
        (Some(_), hosts) => format!("{} on {} hosts", status.service, hosts.len()),
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
    let several = status.hosts.len() > 1;
    for host in &status.hosts {
        if several {
            let url = host.url.as_deref().unwrap_or("not deployed there");
            lines.push(format!("  host       {} {DIM}{url}{DIM:#}", host.host));
        }
        lines.extend(host.instances.iter().map(|i| instance(host, i)));
        processes(host, several, &mut lines);
    }
    lines.extend(status.behind.iter().map(|behind| {
        format!(
            "  behind     {} since {}: {}; `cutover retry` brings it up",
            behind.host,
            ago(behind.at_ms),
            behind.why
        )
    }));
    if let Some(lease) = &status.lock {
        lines.push(format!("  lock       {}", lock::words(lease)));
    }
    if let Some(rollout) = &status.unfinished {
        lines.push(format!(
            "  unfinished {rollout}: `cutover resume` or `cutover abort` ends it"
        ));
    }
    let freezes = status.freezes.iter();
    lines.extend(freezes.map(|frozen| format!("  frozen     {}", freeze::words(frozen))));
    lines.extend(
        status
            .bad
            .iter()
            .map(|mark| format!("  bad        {} {}", short(&mark.artifact), mark.why)),
    );
    lines.join("\n")
}

/// The proxy and the agent of a host; of several hosts only what is wrong with them.
fn processes(host: &HostStatus, several: bool, lines: &mut Vec<String>) {
    let Some(agent) = &host.agent else {
        let why = host.silent.as_deref().unwrap_or("unknown");
        lines.push(format!("  agent      {BAD}does not answer{BAD:#}: {why}"));
        return;
    };
    match &agent.proxy {
        Some(proxy) if !several => {
            lines.push(format!("  proxy      pid {}, {}", proxy.pid, proxy.version));
        }
        Some(_) => {}
        None => lines.push("  proxy      does not answer; the agent starts it again".to_owned()),
    }
    if !several {
        lines.push(format!(
            "  agent      pid {}, {}, started {}",
            agent.pid,
            agent.version,
            ago(agent.started_ms)
        ));
    }
}

fn instance(host: &HostStatus, instance: &InstanceStatus) -> String {
    let weight = host.route.as_ref().and_then(|route| {
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
