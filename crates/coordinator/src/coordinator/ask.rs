//! Questions to the ledger, and the choice of an earlier version.

use ledger::wire::v1::{Call, Current, Lease, LeftBehind, Mark, Record, Reply, Summary};
use rollout::ServiceKey;

use super::Coordinator;
use crate::error::Error;
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
    /// Hosts that do not have the current version.
    pub behind: Vec<LeftBehind>,
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
                behind,
            } => Ok(Known {
                current,
                history,
                marks,
                unfinished,
                behind,
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
        self.show_after(rollout, 0).await
    }

    /// Reads one rollout with what its journal has after the entry `known`, page by page.
    pub(super) async fn show_after(&self, rollout: &str, known: u64) -> Result<Record, Error> {
        let mut record = self.page(rollout, known).await?;
        while let (true, Some(last)) = (record.more, record.entries.last()) {
            let last = last.seq;
            record.join(self.page(rollout, last).await?);
        }
        Ok(record)
    }

    async fn page(&self, rollout: &str, known: u64) -> Result<Record, Error> {
        const OPERATION: &str = "read a rollout";
        let call = Call::Rollout {
            rollout: rollout.into(),
            after: Some(known),
        };
        match self.ledger().call(OPERATION, &call).await? {
            Reply::Rollout {
                rollout: Some(mut record),
            } => {
                // An agent of an earlier build tells it whole.
                record.entries.retain(|entry| entry.seq > known);
                Ok(*record)
            }
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

    /// Returns the lease of a service whose holder, another process, may be at work.
    pub(super) async fn live_lease(&self, service: &ServiceKey) -> Result<Option<Lease>, Error> {
        let lease = self.driver(service).await?;
        Ok(lease.filter(|lease| lease.holder.process != self.holder.process))
    }

    /// Returns the lease of a service whose holder may be at work, this process included.
    pub(super) async fn driver(&self, service: &ServiceKey) -> Result<Option<Lease>, Error> {
        let now_ms = self.clock.now_ms();
        let lease = self.leases(Some(service)).await?.pop();
        Ok(lease
            .filter(|lease| lease.expires_ms > now_ms)
            .filter(|lease| {
                let process = &lease.holder.process;
                process.boot != self.holder.process.boot || process.is_alive()
            }))
    }
}
