//! Which instance is meant: the one named, else the one that takes the traffic.

use agent::api::v1::{InstanceState, InstanceStatus};
use agent::client::{self, Client};

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::rollouts::agents;
use crate::settings::{Resolved, Sections};

/// The instance to speak to.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The instance, such as `shop.production-2`, or its slot, such as `2` [default: the one that takes
    /// the traffic]
    #[arg(long, short, value_name = "ID")]
    instance: Option<String>,
    /// The host, where there are several [default: the first one that has the instance]
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
}

impl Target {
    /// Finds the instance and the agent of its host; it must be running.
    pub(super) async fn find_running(
        &self,
        context: &Context,
    ) -> Result<(Client, InstanceStatus), Failure> {
        let (client, found) = self.find(context).await?;
        match found.state {
            InstanceState::Running => Ok((client, found)),
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

    /// Finds the instance and the agent of its host. Without settings here it must be named in full, so that
    /// this works anywhere.
    pub(super) async fn find(
        &self,
        context: &Context,
    ) -> Result<(Client, InstanceStatus), Failure> {
        let full = self.instance.as_deref().filter(|id| id.contains('.'));
        let settings = match (context.settings(Sections::default()), full) {
            (Ok(settings), _) => settings,
            (Err(_), Some(id)) if self.host.is_none() => {
                let client = Client::at_home(&context.agent_home());
                let found = named(&client, id).await?;
                return Ok((client, found));
            }
            (Err(failure), _) => return Err(failure),
        };
        let key = settings.key();
        let mut first = None;
        for client in self.agents(context, &settings)? {
            let found = match &self.instance {
                Some(id) if id.contains('.') => named(&client, id).await,
                Some(slot) => named(&client, &format!("{key}-{slot}")).await,
                None => routed(&client, &key).await,
            };
            match found {
                Ok(found) => return Ok((client, found)),
                Err(failure) => first = first.or(Some(failure)),
            }
        }
        Err(first.unwrap_or_else(|| Failure::new(Kind::Other, "there is no host")))
    }

    /// The agents that are asked for it, one after the other.
    fn agents(&self, context: &Context, settings: &Resolved) -> Result<Vec<Client>, Failure> {
        let all = agents(context, settings);
        let Some(wanted) = &self.host else {
            return Ok(all.into_iter().map(|(_, client)| client).collect());
        };
        let known: Vec<&str> = all.iter().filter_map(|(name, _)| name.as_deref()).collect();
        let message = format!("there is no host {wanted} in the settings");
        let unknown = Failure::new(Kind::Usage, message).hint(match known.as_slice() {
            [] => "there are no [[hosts]]; it is this machine alone".to_owned(),
            known => format!("there are {}", known.join(", ")),
        });
        let mut named = all.into_iter();
        let found = named.find(|(name, _)| name.as_ref() == Some(wanted));
        Ok(vec![found.ok_or(unknown)?.1])
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
