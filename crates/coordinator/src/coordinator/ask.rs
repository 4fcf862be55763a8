//! Questions to the ledger, and the choice of an earlier version.

use ledger::wire::v1::{Call, Current, Lease, Mark, Record, Reply, Summary};
use rollout::{ArtifactId, Chosen, Purpose, ServiceKey, Version};

use super::{Choice, Coordinator};
use crate::error::Error;
use crate::facts::Gathered;
use crate::host::Host;
use crate::ledger_door::unexpected;

/// What the ledger knows of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The version that serves, as the last decision had it.
    pub current: Option<Current>,
    /// Every version that was current, newest first.
    pub history: Vec<Current>,
    /// Artifacts marked bad.
    pub marks: Vec<Mark>,
    /// The rollout that is not at its end.
    pub unfinished: Option<String>,
}

impl<H: Host> Coordinator<H> {
    /// Asks what is known of a service.
    ///
    /// # Errors
    /// Where the ledger does not answer.
    pub async fn service(&self, service: &ServiceKey) -> Result<Known, Error> {
        const OPERATION: &str = "read what is known of the service";
        match self
            .ledger()
            .call(
                OPERATION,
                &Call::Service {
                    service: service.to_string(),
                },
            )
            .await?
        {
            Reply::Service {
                current,
                history,
                marks,
                unfinished,
                ..
            } => Ok(Known {
                current,
                history,
                marks,
                unfinished,
            }),
            _ => Err(unexpected(OPERATION)),
        }
    }

    /// Lists the latest rollouts, newest first.
    ///
    /// # Errors
    /// Where the ledger does not answer.
    pub async fn history(
        &self,
        service: Option<&ServiceKey>,
        limit: u32,
    ) -> Result<Vec<Summary>, Error> {
        const OPERATION: &str = "list rollouts";
        let call = Call::Rollouts {
            service: service.map(ToString::to_string),
            limit,
        };
        match self.ledger().call(OPERATION, &call).await? {
            Reply::Rollouts { rollouts } => Ok(rollouts),
            _ => Err(unexpected(OPERATION)),
        }
    }

    /// Reads one rollout with its journal. What it has for a receipt is a [`crate::Stored`].
    ///
    /// # Errors
    /// Where there is none, or the ledger does not answer.
    pub async fn show(&self, rollout: &str) -> Result<Record, Error> {
        const OPERATION: &str = "read a rollout";
        match self
            .ledger()
            .call(
                OPERATION,
                &Call::Rollout {
                    rollout: rollout.into(),
                },
            )
            .await?
        {
            Reply::Rollout {
                rollout: Some(record),
            } => Ok(*record),
            Reply::Rollout { rollout: None } => Err(Error::NoRollout {
                rollout: rollout.into(),
            }),
            _ => Err(unexpected(OPERATION)),
        }
    }

    /// Lists who holds leases.
    ///
    /// # Errors
    /// Where the ledger does not answer.
    pub async fn leases(&self, service: Option<&ServiceKey>) -> Result<Vec<Lease>, Error> {
        const OPERATION: &str = "list leases";
        match self
            .ledger()
            .call(
                OPERATION,
                &Call::Leases {
                    service: service.map(ToString::to_string),
                },
            )
            .await?
        {
            Reply::Leases { leases } => Ok(leases),
            _ => Err(unexpected(OPERATION)),
        }
    }

    /// Takes the lease of a service away from whoever holds it, and returns it.
    ///
    /// # Errors
    /// Where the ledger does not answer.
    pub async fn force_release(&self, service: &ServiceKey) -> Result<Option<Lease>, Error> {
        const OPERATION: &str = "take the lease away";
        let call = Call::ForceRelease {
            service: service.to_string(),
            by: self.by(),
        };
        match self.ledger().call(OPERATION, &call).await? {
            Reply::Leases { mut leases } => Ok(leases.pop()),
            _ => Err(unexpected(OPERATION)),
        }
    }

    /// Refuses at once where somebody else is at work on the service, before anything is built for it.
    ///
    /// # Errors
    /// Where the lease is held, or the ledger does not answer.
    pub async fn check_free(&self, service: &ServiceKey) -> Result<(), Error> {
        match self.live_lease(service).await? {
            Some(lease) => Err(self.held(service, lease)),
            None => Ok(()),
        }
    }

    /// Returns the lease of a service whose holder may be at work.
    pub(super) async fn live_lease(&self, service: &ServiceKey) -> Result<Option<Lease>, Error> {
        let now_ms = self.clock.now_ms();
        let lease = self
            .leases(Some(service))
            .await?
            .pop()
            .filter(|lease| lease.expires_ms > now_ms);
        Ok(lease.filter(|lease| {
            let process = &lease.holder.process;
            let here = process.boot == self.holder.process.boot;
            *process != self.holder.process && (!here || process.is_alive())
        }))
    }
}

/// Chooses the version to go back to: the one named, or the newest earlier one that is not marked bad and
/// that every host still has.
pub(super) fn earlier(
    service: &ServiceKey,
    to: Option<&ArtifactId>,
    known: &Known,
    gathered: &[Gathered],
) -> Result<Choice, Error> {
    let stored = |artifact: &str| {
        gathered
            .iter()
            .all(|host| host.artifacts.iter().any(|(id, _)| id == artifact))
    };
    if let Some(to) = to {
        let vsn = gathered
            .iter()
            .flat_map(|host| &host.artifacts)
            .find(|(id, _)| id == to.as_str())
            .map_or_else(String::new, |(_, vsn)| vsn.clone());
        return Ok((
            Purpose::Rollback,
            Version {
                artifact: to.clone(),
                vsn,
            },
            Chosen::ByName,
        ));
    }
    let current = known
        .current
        .as_ref()
        .map(|current| current.artifact.as_str());
    let found = known.history.iter().find(|version| {
        Some(version.artifact.as_str()) != current
            && !known
                .marks
                .iter()
                .any(|mark| mark.artifact == version.artifact)
            && stored(&version.artifact)
    });
    let version = found.ok_or_else(|| Error::NoEarlier {
        service: service.clone(),
    })?;
    let artifact = ArtifactId::parse(&version.artifact)?;
    Ok((
        Purpose::Rollback,
        Version {
            artifact,
            vsn: version.vsn.clone(),
        },
        Chosen::ByRule,
    ))
}
