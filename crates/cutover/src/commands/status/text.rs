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
        (InstanceState::Running, Some(true)) => "healthy".to_owned(),
        (InstanceState::Running, Some(false)) => match host.ill.get(&instance.id) {
            Some(why) => format!("not healthy: {}", why.trim_end()),
            None => "not healthy".to_owned(),
        },
        (InstanceState::Running, None) => "running".to_owned(),
        (InstanceState::BackingOff, _) => "crashed, starts again soon".to_owned(),
        (InstanceState::Stopping, _) => "stopping".to_owned(),
        (InstanceState::Stopped, _) => "stopped".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_that_is_not_healthy_says_why() {
        let status = serde_json::json!({
            "id": "shop.test-1", "service": "shop.test", "artifact": "a".repeat(64), "vsn": "1",
            "slot": 1, "node": "shop_1@h", "state": "running", "pid": 7, "ports": {},
            "address": "127.0.0.1:4000", "started_ms": 1, "restarts": 0, "last_exit": null,
            "warm_until_ms": null, "healthy": false
        });
        let ill: InstanceStatus = serde_json::from_value(status).unwrap();
        let mut host = HostStatus {
            host: "h".into(),
            url: None,
            route: None,
            traffic: None,
            instances: Vec::new(),
            ill: [(ill.id.clone(), "status 500: db is gone\n".to_owned())].into(),
            agent: None,
            silent: None,
        };
        let told = |host: &HostStatus| instance(host, &ill);
        assert!(
            told(&host).contains("not healthy: status 500: db is gone "),
            "{}",
            told(&host)
        );
        host.ill.clear();
        assert!(told(&host).contains(": not healthy "), "{}", told(&host));
    }
}
