//! From instances to addresses.

use proxy::control::v1::{Backend, Commitment, ServiceConfig, Version};

use crate::api::v1::{Route, RouteVersion};
use crate::instance::Instances;
use crate::refusal::Refusal;

/// Makes the proxy's configuration from a route. An instance that is to get traffic and is not known to be
/// healthy is checked now, so that a route does not lag behind the background check.
pub(super) async fn config(instances: &Instances, route: &Route) -> Result<ServiceConfig, Refusal> {
    let mut versions = Vec::new();
    for version in &route.versions {
        versions.push(Version {
            artifact: version.artifact.clone(),
            weight: version.weight,
            backends: backends(instances, route, version).await?,
        });
    }
    Ok(ServiceConfig {
        listen: route.listen,
        hosts: route.hosts.clone(),
        path_prefix: route.path_prefix.clone(),
        limits: route.limits.clone(),
        versions,
        commitment: route.commitment.clone(),
        sticky: route.sticky.clone(),
        testers: route.testers.clone(),
        preview: route.preview.clone(),
        readiness: route.readiness.clone(),
    })
}

async fn backends(
    instances: &Instances,
    route: &Route,
    version: &RouteVersion,
) -> Result<Vec<Backend>, Refusal> {
    let mut backends = Vec::new();
    for id in &version.instances {
        let instance = instances.get(id)?;
        let life = instance.life();
        if life.spec.as_ref().map(|spec| &spec.artifact) != Some(&version.artifact) {
            let message = format!("{id} does not run artifact {}", version.artifact);
            return Err(Refusal::conflict("wrong_artifact", message));
        }
        let healthy = instance.health() == Some(true)
            || (takes_requests(route, version) && instance.is_healthy().await);
        backends.push(Backend {
            instance: id.clone(),
            address: life.address(),
            healthy,
        });
    }
    Ok(backends)
}

/// The configuration with addresses and health as they are now, or were, where that is not known yet.
pub(super) fn now(instances: &Instances, mut config: ServiceConfig) -> ServiceConfig {
    let backends = config.versions.iter_mut().flat_map(|v| &mut v.backends);
    for backend in backends {
        match instances.get(&backend.instance) {
            Ok(instance) => {
                backend.healthy = instance.health().unwrap_or(backend.healthy);
                backend.address = instance.life().address();
            }
            // One that serves is not put aside because its files are damaged.
            Err(_) => backend.healthy &= instances.runs_unwatched(&backend.instance),
        }
    }
    config
}

/// The instances that a route gives requests to, be it of testers only.
pub(super) fn that_take_requests(route: &Route) -> impl Iterator<Item = &String> {
    route
        .versions
        .iter()
        .filter(|version| takes_requests(route, version))
        .flat_map(|version| &version.instances)
}

fn takes_requests(route: &Route, version: &RouteVersion) -> bool {
    let named = [
        route.testers.as_ref().map(|testers| &testers.artifact),
        route.preview.as_ref().map(|preview| &preview.artifact),
    ];
    version.weight > 0 || named.contains(&Some(&version.artifact))
}

/// Whether a configuration sends requests to an instance, be it of testers only.
pub(super) fn gives_requests(config: &ServiceConfig, id: &str) -> bool {
    let named = [
        config.testers.as_ref().map(|testers| &testers.artifact),
        config.preview.as_ref().map(|preview| &preview.artifact),
    ];
    config.versions.iter().any(|version| {
        (version.weight > 0 || named.contains(&Some(&version.artifact)))
            && version
                .backends
                .iter()
                .any(|backend| backend.instance == id)
    })
}

/// Refuses a lease that gives traffic to a version of which nothing is healthy, such as one kept warm that
/// has just been stopped. The stable version has its traffic already, whatever its health: a new one may
/// be what heals the service.
pub(super) fn nowhere_to_go(key: &str, config: &ServiceConfig) -> Option<Refusal> {
    let Commitment::Leased { stable, .. } = &config.commitment else {
        return None;
    };
    let sick = config.versions.iter().find(|version| {
        version.weight > 0
            && version.artifact != *stable
            && !version.backends.iter().any(|backend| backend.healthy)
    })?;
    let ids: Vec<&str> = sick.backends.iter().map(|b| b.instance.as_str()).collect();
    let message = format!(
        "no instance of artifact {} is healthy ({}): no traffic of {key} goes to it; see their logs, and \
         start them again",
        sick.artifact,
        ids.join(", ")
    );
    Some(Refusal::conflict("no_healthy_instance", message))
}
