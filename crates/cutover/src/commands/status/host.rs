//! A service on one host.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use agent::api::v1::{AgentInfo, InstanceState, InstanceStatus};
use agent::client::{Client, Error};
use proxy::control::v1::{ServiceStatus, Traffic};
use serde::Serialize;

use crate::failure::Failure;

/// Time for one check that says why an instance is not healthy.
const PROBE_TIME: Duration = Duration::from_secs(5);

/// What a host has of a service.
#[derive(Debug, Serialize)]
pub(super) struct HostStatus {
    pub(super) host: String,
    /// Where clients reach the service there, from this machine.
    pub(super) url: Option<String>,
    pub(super) route: Option<ServiceStatus>,
    pub(super) traffic: Option<Traffic>,
    pub(super) instances: Vec<InstanceStatus>,
    /// Why instances that run are not healthy, by instance, as a check made now says.
    pub(super) ill: BTreeMap<String, String>,
    /// Its agent; none where that does not answer.
    pub(super) agent: Option<AgentInfo>,
    /// Why nothing is known of it.
    pub(super) silent: Option<String>,
}

impl HostStatus {
    /// Asks the agent. Without a name the host is this machine, which must answer.
    pub(super) async fn of(
        name: Option<String>,
        client: &Client,
        service: &str,
    ) -> Result<Self, Failure> {
        match (Self::ask(client, service).await, name) {
            (Ok(status), _) => Ok(status),
            (Err(error), None) => Err(error.into()),
            (Err(error), Some(host)) => Ok(Self {
                host,
                url: None,
                route: None,
                traffic: None,
                instances: Vec::new(),
                ill: BTreeMap::new(),
                agent: None,
                silent: Some(error.to_string()),
            }),
        }
    }

    async fn ask(client: &Client, service: &str) -> Result<Self, Error> {
        let agent = client.info().await?;
        let mut instances = client.instances().await?;
        instances.retain(|instance| instance.service == service);
        // A service without a route, or a proxy that is just being started again, is no failure here.
        let route = known(client.routed(service).await)?;
        let traffic = match &route {
            Some(_) => known(client.traffic(service).await)?,
            None => None,
        };
        Ok(Self {
            host: agent.host.clone(),
            url: route.as_ref().map(|route| url(route.bound)),
            route,
            traffic,
            ill: ill(client, &instances).await,
            instances,
            agent: Some(agent),
            silent: None,
        })
    }
}

/// Asks why instances are not healthy. What is not known in time is left out.
async fn ill(client: &Client, instances: &[InstanceStatus]) -> BTreeMap<String, String> {
    let ill =
        |it: &&InstanceStatus| it.state == InstanceState::Running && it.healthy == Some(false);
    let mut why = BTreeMap::new();
    for instance in instances.iter().filter(ill) {
        let probe = tokio::time::timeout(PROBE_TIME, client.probe(&instance.id)).await;
        if let Ok(Ok(probe)) = probe
            && !probe.healthy
        {
            why.insert(instance.id.clone(), probe.detail);
        }
    }
    why
}

fn known<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(Error::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where an address is reached from this machine.
fn url(bound: SocketAddr) -> String {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, bound.port()))
}
