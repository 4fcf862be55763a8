//! `cutover status`.

mod host;
mod text;

use ledger::wire::v1::{Call, Current, Freeze, Lease, LeftBehind, Mark, Reply};
use serde::Serialize;

use self::host::HostStatus;
use crate::context::Context;
use crate::failure::Failure;
use crate::rollouts::{Lead, agents, unexpected};
use crate::settings::{Resolved, Sections};

/// Show what serves, on which hosts and instances, and whether something is unfinished
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Everything that is known of a service.
#[derive(Debug, Serialize)]
struct Status {
    service: String,
    /// Where clients reach it, from this machine; on the first host that has it.
    url: Option<String>,
    /// The version that serves, as the last decision had it.
    current: Option<Current>,
    /// The hosts, the lead one first.
    hosts: Vec<HostStatus>,
    /// Who is changing it.
    lock: Option<Lease>,
    /// A rollout that is not at its end.
    unfinished: Option<String>,
    /// Hosts that do not have the current version.
    behind: Vec<LeftBehind>,
    /// What keeps the environment as it is.
    freezes: Vec<Freeze>,
    /// Artifacts that are not chosen again unless by name.
    bad: Vec<Mark>,
}

pub(crate) fn run(_: &Args, context: &Context) -> Result<(), Failure> {
    let settings = context.settings(Sections::default())?;
    let status = context.block_on(gather(context, &settings))??;
    context.printer.result(&status, || text::render(&status));
    Ok(())
}

async fn gather(context: &Context, settings: &Resolved) -> Result<Status, Failure> {
    let service = settings.key();
    let lead = Lead::of(context, settings);
    let call = Call::Service {
        service: service.clone(),
    };
    let Reply::Service {
        current,
        marks,
        unfinished,
        behind,
        ..
    } = lead.ask(&call).await?
    else {
        return Err(unexpected());
    };
    let call = Call::Leases {
        service: Some(service.clone()),
    };
    let lock = match lead.ask(&call).await? {
        Reply::Leases { leases } => leases.into_iter().next(),
        _ => return Err(unexpected()),
    };
    let call = Call::Freezes {
        environment: Some(settings.environment.clone()),
    };
    let freezes = match lead.ask(&call).await? {
        Reply::Freezes { freezes } => freezes,
        _ => return Err(unexpected()),
    };
    let mut hosts = Vec::new();
    for (name, client) in agents(context, settings) {
        hosts.push(HostStatus::of(name, &client, &service).await?);
    }
    Ok(Status {
        url: hosts.iter().find_map(|host| host.url.clone()),
        service,
        current,
        hosts,
        lock,
        unfinished,
        behind,
        freezes,
        bad: marks,
    })
}
