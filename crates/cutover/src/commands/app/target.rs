//! Which instance is meant: the one named, else the one that takes the traffic.

use agent::api::v1::{InstanceState, InstanceStatus};
use agent::client::{self, Client};

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::settings::Sections;

/// The instance to speak to.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The instance, such as `shop.production-2`, or its slot, such as `2` [default: the one that takes
    /// the traffic]
    #[arg(long, short, value_name = "ID")]
    instance: Option<String>,
}

impl Target {
    /// Finds the instance, which must be running.
    pub(super) async fn find_running(
        &self,
        client: &Client,
        context: &Context,
    ) -> Result<InstanceStatus, Failure> {
        let found = self.find(client, context).await?;
        match found.state {
            InstanceState::Running => Ok(found),
            InstanceState::BackingOff => {
                let failure = Failure::new(
                    Kind::Other,
                    format!("{} crashed and is started again after a pause", found.id),
                );
                let exit = found
                    .last_exit
                    .iter()
                    .fold(failure, |failure, exit| failure.output(exit));
                Err(exit.hint(format!(
                    "see why with `cutover app logs --instance {}`",
                    found.id
                )))
            }
            InstanceState::Stopping | InstanceState::Stopped => {
                let failure = Failure::new(Kind::Other, format!("{} is stopped", found.id));
                Err(failure.hint(format!(
                    "start it with `cutover app start --instance {}`",
                    found.id
                )))
            }
        }
    }

    /// Finds the instance. Without settings here it must be named in full, so that this works anywhere.
    pub(super) async fn find(
        &self,
        client: &Client,
        context: &Context,
    ) -> Result<InstanceStatus, Failure> {
        if let Some(id) = self.instance.as_deref().filter(|id| id.contains('.')) {
            return named(client, id).await;
        }
        let key = context.settings(Sections::default())?.key();
        match &self.instance {
            Some(slot) => named(client, &format!("{key}-{slot}")).await,
            None => routed(client, &key).await,
        }
    }
}

async fn named(client: &Client, id: &str) -> Result<InstanceStatus, Failure> {
    match client.instance(id).await {
        Err(client::Error::Refused { status, .. }) if status.as_u16() == 404 => {
            let all = client.instances().await?;
            let known: Vec<&str> = all.iter().map(|i| i.id.as_str()).collect();
            Err(unknown(&format!("there is no instance {id}"), &known))
        }
        answer => Ok(answer?),
    }
}

async fn routed(client: &Client, key: &str) -> Result<InstanceStatus, Failure> {
    let all = client.instances().await?;
    let known: Vec<&str> = all.iter().map(|i| i.id.as_str()).collect();
    // A service that was never routed is no failure here: its only instance is meant then.
    let versions = match client.routed(key).await {
        Ok(status) => status.config.versions,
        Err(client::Error::Refused { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let mut versions: Vec<_> = versions.into_iter().filter(|v| v.weight > 0).collect();
    versions.sort_by_key(|version| std::cmp::Reverse(version.weight));
    let backends = versions.iter().flat_map(|version| &version.backends);
    let ids: Vec<&str> = backends.map(|backend| backend.instance.as_str()).collect();
    if let Some(instance) = ids.iter().find_map(|id| all.iter().find(|i| i.id == *id)) {
        return Ok(instance.clone());
    }
    let mut own: Vec<&InstanceStatus> = all.iter().filter(|i| i.service == key).collect();
    if own.iter().any(|i| i.state == InstanceState::Running) {
        own.retain(|i| i.state == InstanceState::Running);
    }
    match own.as_slice() {
        [only] => Ok((*only).clone()),
        [] => Err(unknown(&format!("there is no instance of {key}"), &known)),
        _ => Err(unknown(
            &format!("no instance of {key} takes the traffic"),
            &known,
        )),
    }
}

fn unknown(message: &str, known: &[&str]) -> Failure {
    let failure = Failure::new(Kind::Other, message);
    if known.is_empty() {
        return failure.hint("there is no instance on this host; `cutover deploy` starts one");
    }
    failure.hint(format!("name one with `--instance`: {}", known.join(", ")))
}
