//! The hosts of an environment, reached through their agents on this machine.

use std::path::PathBuf;

use agent::api::v1::ImportArtifact;
use agent::client::{self, Client};
use ledger::wire::v1::{Call, Reply};
use release::{ArtifactId, Store};
use rollout::HostId;

use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::settings::{HostSetting, Resolved};

/// The hosts, the lead one first.
#[derive(Debug)]
pub(crate) struct Fleet {
    /// Each host with its agent.
    pub(crate) hosts: Vec<(HostId, Client)>,
}

/// The agent that keeps the ledger, for questions.
#[derive(Debug)]
pub(crate) struct Lead {
    pub(crate) client: Client,
}

/// The agents of the hosts by name, the lead one first; they are asked, and not started. Where the settings
/// name none it is that of this machine, which has no name here.
pub(crate) fn agents(context: &Context, settings: &Resolved) -> Vec<(Option<String>, Client)> {
    if settings.hosts.is_empty() {
        return vec![(None, Client::at_home(&context.agent_home()))];
    }
    let hosts = settings.hosts.iter();
    hosts
        .map(|host| {
            let client = Client::at_home(&agent_home(host));
            (Some(host.name.clone()), client)
        })
        .collect()
}

impl Lead {
    /// The agent of the first host, which is asked but not started.
    pub(crate) fn of(context: &Context, settings: &Resolved) -> Self {
        let home = match settings.hosts.first() {
            Some(host) => agent_home(host),
            None => context.agent_home(),
        };
        Self {
            client: Client::at_home(&home),
        }
    }

    /// Asks the ledger that the agent keeps.
    pub(crate) async fn ask(&self, call: &Call) -> Result<Reply, Failure> {
        match self.client.ledger(call).await? {
            Reply::Refused { message, .. } => Err(Failure::new(Kind::Other, message)),
            reply => Ok(reply),
        }
    }
}

/// The failure where the ledger answers something else than it was asked.
pub(crate) fn unexpected() -> Failure {
    Failure::new(Kind::Other, "the ledger gave an answer of another kind")
}

/// The directory of a host's agent.
fn agent_home(host: &HostSetting) -> PathBuf {
    host.home.join("agent")
}

/// Reaches one host, whose agent must call it as the settings do.
async fn reach(context: &Context, setting: &HostSetting) -> Result<Client, Failure> {
    let client = context
        .agent_at(&agent_home(setting), Some(&setting.name))
        .await?;
    let info = client.info().await?;
    if info.host == setting.name {
        return Ok(client);
    }
    Err(Failure::new(
        Kind::Configuration,
        format!(
            "the agent of {} calls its host {}, not {}",
            setting.home.display(),
            info.host,
            setting.name
        ),
    )
    .hint("name the host as its agent does in [[hosts]], or choose another home"))
}

impl Fleet {
    /// Reaches the hosts; an agent that does not run on this machine is started, and that is said. One that
    /// does not answer is told, and left to the plan's failure budget; without the lead one nothing goes.
    pub(crate) async fn reach(context: &Context, settings: &Resolved) -> Result<Self, Failure> {
        if settings.hosts.is_empty() {
            let client = context.agent().await?;
            let info = client.info().await?;
            let host = HostId::parse(&info.host).or_fail(Kind::Other)?;
            return Ok(Self {
                hosts: vec![(host, client)],
            });
        }
        let mut hosts = Vec::new();
        for (place, setting) in settings.hosts.iter().enumerate() {
            let host = HostId::parse(&setting.name).or_fail(Kind::Configuration)?;
            let client = match reach(context, setting).await {
                Ok(client) => client,
                Err(failure) if place > 0 && failure.kind == Kind::Unreachable => {
                    context
                        .printer
                        .warn(&format!("host {host} does not answer: {}", failure.message));
                    Client::at_home(&agent_home(setting))
                }
                Err(failure) => return Err(failure),
            };
            hosts.push((host, client));
        }
        Ok(Self { hosts })
    }

    /// The lead host, which keeps the ledger.
    pub(crate) fn lead(&self) -> (HostId, Client) {
        self.hosts[0].clone()
    }

    /// Refuses an address that the proxy is to listen on and another program holds, or hosts and paths that
    /// another service claims there, before anything is started for it.
    pub(crate) async fn check_listen(&self, settings: &Resolved) -> Result<(), Failure> {
        let listen = settings.proxy.listen;
        let (_, lead) = self.lead();
        let info = lead.info().await?;
        let services = info.proxy.iter().flat_map(|proxy| &proxy.services);
        for (key, theirs) in services.filter(|(key, _)| **key != settings.key()) {
            let claim = (
                &settings.proxy.hosts[..],
                settings.proxy.path_prefix.as_str(),
            );
            let config = &theirs.config;
            if config.listen == listen
                && let Some(what) = ::proxy::overlap(claim, (&config.hosts, &config.path_prefix))
            {
                return Err(Failure::new(
                    Kind::Configuration,
                    format!("service {key} already claims {what} on {listen}"),
                )
                .hint("give one of them another `listen`, or `hosts` or a `path_prefix` of its own, in [proxy]"));
            }
        }
        let ours = info.proxy.is_some_and(|proxy| {
            let mut listeners = proxy.listeners.iter();
            listeners.any(|l| l.listen == listen || l.bound.port() == listen.port())
        });
        if ours {
            return Ok(());
        }
        let error = match std::net::TcpListener::bind(listen) {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        let place = settings.rows.iter().find(|row| row.key == "proxy.listen");
        let place = place.map_or_else(String::new, |row| format!(" ({})", row.origin));
        Err(Failure::new(
            Kind::Configuration,
            format!("the proxy cannot listen on {listen}{place}"),
        )
        .because(&error)
        .hint("end the program that holds the address, or choose another `listen` in [proxy]"))
    }

    /// Brings an artifact to every host, where it is verified before anything else happens.
    pub(crate) async fn deliver(
        &self,
        context: &Context,
        store: &Store,
        artifact: &ArtifactId,
    ) -> Result<(), Failure> {
        let import = ImportArtifact {
            path: store.path(artifact),
            artifact: artifact.to_string(),
        };
        for (place, (host, client)) in self.hosts.iter().enumerate() {
            let progress = context.printer.progress(format!("ship to {host}"));
            let info = match client.import(&import).await {
                Ok(info) => info,
                Err(error @ client::Error::Refused { .. }) => {
                    return Err(Failure::of(Kind::Verification, &error));
                }
                // Whether it can be done without is for the plan to say.
                Err(client::Error::Unreachable { .. }) if place > 0 => {
                    progress.failed();
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            progress.done(if info.already {
                "is there already"
            } else {
                "verified and unpacked"
            });
        }
        Ok(())
    }
}
