//! `cutover status`.

mod text;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use agent::api::v1::{AgentInfo, InstanceStatus};
use agent::client;
use ledger::wire::v1::{Call, Current, Lease, Mark, Reply};
use proxy::control::v1::{ServiceStatus, Traffic};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::rollouts::{Lead, unexpected};
use crate::settings::Sections;

/// Show what serves, on which instances, and whether something is unfinished
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Everything that is known of a service.
#[derive(Debug, Serialize)]
struct Status {
    service: String,
    /// Where clients reach it, from this machine.
    url: Option<String>,
    /// The version that serves, as the last decision had it.
    current: Option<Current>,
    route: Option<ServiceStatus>,
    traffic: Option<Traffic>,
    instances: Vec<InstanceStatus>,
    /// Who is changing it.
    lock: Option<Lease>,
    /// A rollout that is not at its end.
    unfinished: Option<String>,
    /// Artifacts that are not chosen again unless by name.
    bad: Vec<Mark>,
    agent: AgentInfo,
}

pub(crate) fn run(_: &Args, context: &Context) -> Result<(), Failure> {
    let settings = context.settings(Sections::default())?;
    let lead = Lead::of(context, &settings);
    let status = context.block_on(gather(&lead, settings.key()))??;
    context.printer.result(&status, || text::render(&status));
    Ok(())
}

async fn gather(lead: &Lead, service: String) -> Result<Status, Failure> {
    let client = &lead.client;
    let agent = client.info().await?;
    let (current, bad, unfinished) = match lead
        .ask(&Call::Service {
            service: service.clone(),
        })
        .await?
    {
        Reply::Service {
            current,
            marks,
            unfinished,
            ..
        } => (current, marks, unfinished),
        _ => {
            return Err(unexpected());
        }
    };
    let lock = match lead
        .ask(&Call::Leases {
            service: Some(service.clone()),
        })
        .await?
    {
        Reply::Leases { leases } => leases.into_iter().next(),
        _ => None,
    };
    let mut instances = client.instances().await?;
    instances.retain(|instance| instance.service == service);
    // A service without a route, or a proxy that is just being started again, is no failure here.
    let route = known(client.routed(&service).await)?;
    let traffic = match &route {
        Some(_) => known(client.traffic(&service).await)?,
        None => None,
    };
    Ok(Status {
        url: route.as_ref().map(|route| url(route.bound)),
        service,
        current,
        route,
        traffic,
        instances,
        lock,
        unfinished,
        bad,
        agent,
    })
}

fn known<T>(answer: Result<T, client::Error>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(client::Error::Refused { .. }) => Ok(None),
        Err(error) => Err(error.into()),
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
