//! The hosts of an environment, reached through their agents. Today that is this machine.

use agent::api::v1::ImportArtifact;
use agent::client::{self, Client};
use ledger::wire::v1::{Call, Reply};
use release::{ArtifactId, Store};
use rollout::HostId;

use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};

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

impl Lead {
    /// The local agent, which is asked but not started.
    pub(crate) fn of(context: &Context) -> Self {
        let client = Client::at_home(&context.agent_home());
        Self { client }
    }

    /// Asks the ledger that the agent keeps.
    pub(crate) async fn ask(&self, call: &Call) -> Result<Reply, Failure> {
        match self.client.ledger(call).await? {
            Reply::Refused { message, .. } => Err(Failure::new(Kind::Other, message)),
            reply => Ok(reply),
        }
    }
}

impl Fleet {
    /// Reaches the hosts; an agent that does not run on this machine is started, and that is said.
    pub(crate) async fn reach(context: &Context) -> Result<Self, Failure> {
        let client = context.agent().await?;
        let info = client.info().await?;
        let host = HostId::parse(&info.host).or_fail(Kind::Other)?;
        Ok(Self {
            hosts: vec![(host, client)],
        })
    }

    /// The lead host, which keeps the ledger.
    pub(crate) fn lead(&self) -> (HostId, Client) {
        self.hosts[0].clone()
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
        for (host, client) in &self.hosts {
            let progress = context.printer.progress(format!("ship to {host}"));
            let info = match client.import(&import).await {
                Err(error @ client::Error::Refused { .. }) => {
                    return Err(Failure::of(Kind::Verification, &error));
                }
                answer => answer?,
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
