//! Looks at a host: health, route and counters as one observation.

use std::collections::BTreeMap;
use std::time::Duration;

use agent::api::v1::ProbeResult;
use analysis::slower_than;
use futures_util::future::{join_all, join3};
use proxy::control::v1::{ServiceStatus, Traffic, latency_bounds_us};
use rollout::{
    ArtifactId, Event, Health, HostId, InstanceId, Observation, Plan, RouteSeen, Tally, Tick,
    TrafficSeen, Verdict, Watch,
};

use crate::clock::Clock;
use crate::facts::optional;
use crate::host::{Host, HostError};

/// Time for a whole look, beyond which the host counts as not answering.
const LOOK: Duration = Duration::from_secs(15);

/// Looks once, for at most [`LOOK`]. Also gives the counters as they are, for the person who watches.
pub(crate) async fn look_in_time<H: Host>(
    host: &H,
    clock: &Clock,
    plan: &Plan,
    watch: &Watch,
) -> (Event, Option<Traffic>) {
    tokio::time::timeout(LOOK, look(host, clock.now(), plan, watch))
        .await
        .unwrap_or_else(|_| {
            let detail = format!("no answer within {} s", LOOK.as_secs());
            (lost(&watch.host, detail), None)
        })
}

/// Looks at a host once: health, route and counters at the same time. Also gives the counters as they are.
///
/// Nothing is spawned and nothing sleeps, so it runs to its end without a runtime on a [`Host`] whose calls
/// are ready at once. `began` is the time at the call.
pub async fn look<H: Host>(
    host: &H,
    began: Tick,
    plan: &Plan,
    watch: &Watch,
) -> (Event, Option<Traffic>) {
    match try_look(host, began, plan, watch).await {
        Ok((seen, traffic)) => (
            Event::Observed {
                host: watch.host.clone(),
                seen,
            },
            traffic,
        ),
        Err(error) => (lost(&watch.host, error.to_string()), None),
    }
}

fn lost(host: &HostId, detail: String) -> Event {
    Event::Lost {
        host: host.clone(),
        detail,
    }
}

async fn try_look<H: Host>(
    host: &H,
    began: Tick,
    plan: &Plan,
    watch: &Watch,
) -> Result<(Observation, Option<Traffic>), HostError> {
    let service = plan.service.as_str();
    let checks = watch.instances.iter().map(|instance| async move {
        let health = match check(host, instance).await {
            Ok(probe) => health(&probe),
            Err(HostError::Absent { message }) => Health {
                verdict: Verdict::Down,
                restarts: 0,
                detail: message,
            },
            Err(error) => return Err(error),
        };
        Ok((instance.clone(), health))
    });
    let (checked, route, traffic) = join3(
        join_all(checks),
        host.routed(service),
        host.traffic(service),
    )
    .await;
    let route = optional(route)?;
    let traffic = optional(traffic)?;
    let instances: BTreeMap<InstanceId, Health> = checked.into_iter().collect::<Result<_, _>>()?;
    let seen = Observation {
        began,
        instances,
        route: route.as_ref().map(route_seen),
        traffic: traffic
            .as_ref()
            .map(|traffic| traffic_seen(traffic, plan, watch.stable.as_ref()))
            .unwrap_or_default(),
    };
    Ok((seen, traffic))
}

/// Checks an instance. One that does not run is told of by its end: whether it is started again is not
/// the host's to say, but the rollout's.
async fn check<H: Host>(host: &H, instance: &InstanceId) -> Result<ProbeResult, HostError> {
    let mut probe = host.probe(instance.as_str()).await?;
    if !probe.running
        && let Some(exit) = host.instance(instance.as_str()).await?.last_exit
    {
        probe.detail = format!("it {exit}");
    }
    Ok(probe)
}

fn health(probe: &ProbeResult) -> Health {
    let verdict = match (probe.running, probe.healthy) {
        (false, _) => Verdict::Down,
        (true, true) => Verdict::Healthy,
        (true, false) => Verdict::Unhealthy,
    };
    Health {
        verdict,
        restarts: probe.restarts,
        detail: probe.detail.clone(),
    }
}

fn route_seen(status: &ServiceStatus) -> RouteSeen {
    RouteSeen {
        weights: status
            .config
            .versions
            .iter()
            .filter_map(|version| {
                Some((ArtifactId::parse(&version.artifact).ok()?, version.weight))
            })
            .collect(),
        reverted: status.reverted,
    }
}

/// Returns the counters that decisions need: of requests that the weights dealt, not of testers. `own` is
/// what serves on the host in the place of the plan's stable version.
pub(crate) fn traffic_seen(
    traffic: &Traffic,
    plan: &Plan,
    own: Option<&ArtifactId>,
) -> TrafficSeen {
    let slow_us = plan.slow_bound_us();
    let tally = |artifact: &ArtifactId| {
        let Some(counted) = traffic.versions.get(artifact.as_str()) else {
            return Tally::default();
        };
        let told = &counted.by_choice;
        // A proxy of an earlier build does not tell them apart, and knows no testers.
        let tells = [&told.weighted, &told.testers, &told.preview]
            .into_iter()
            .any(|answers| !answers.is_none());
        let (requests, failed, answers, latency) = if tells {
            let weighted = &told.weighted;
            (
                weighted.requests,
                weighted.failed,
                weighted.status,
                &weighted.latency,
            )
        } else {
            (
                counted.requests,
                counted.failed,
                counted.status,
                &counted.latency,
            )
        };
        Tally {
            requests,
            bad: failed + answers[4],
            slow: slow_us.map_or(0, |bound_us| {
                slower_than(&latency_bounds_us(), latency, bound_us).bad
            }),
            open: counted.in_flight + counted.sockets_open + counted.streams_open,
        }
    };
    TrafficSeen {
        epoch: traffic.epoch,
        stable: own
            .or(plan.stable.as_ref().map(|stable| &stable.artifact))
            .map(tally)
            .unwrap_or_default(),
        candidate: tally(&plan.candidate.artifact),
    }
}
