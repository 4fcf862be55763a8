//! Takes over a rollout that another process left: to end it, or to turn it back.

use std::collections::BTreeMap;
use std::time::Duration;

use ledger::wire::v1::{Call, Holder, Lease, Record};
use rollout::journal::v1::Phase;
use rollout::{Event, Rollout, ServiceKey};

use super::{Coordinator, Resume};
use crate::drive::{Begin, Drive};
use crate::error::Error;
use crate::host::Host;
use crate::interpret::Means;
use crate::lease::{self, Asked};
use crate::outcome::{Outcome, Stored};
use crate::progress::{Observer, Progress};

/// Time between two looks whether a live coordinator has aborted.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl<H: Host> Coordinator<H> {
    /// Takes up the unfinished rollout of a service and ends it.
    ///
    /// # Errors
    /// Where there is none, its coordinator lives, or it cannot go on.
    pub async fn resume(
        &self,
        service: &ServiceKey,
        resume: Resume,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, Error> {
        let rollout = self.unfinished(service).await?;
        let above = self.highest_token(service).await;
        let lease = self.lease(service, above, observer).await?;
        let event = Event::Resumed {
            command: resume.command,
        };
        let outcome = self
            .take_up(&rollout, &lease, event, resume.env, observer)
            .await;
        lease::release(&self.ledger(), &lease).await;
        outcome
    }

    /// Turns the unfinished rollout of a service back to stable. If its coordinator lives, that one is
    /// asked to, and waited for.
    ///
    /// # Errors
    /// Where there is none, or it is past its point of no return, be it only while its coordinator is waited for.
    pub async fn abort(
        &self,
        service: &ServiceKey,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, Error> {
        let rollout = self.unfinished(service).await?;
        let mut asked = None;
        let lease = loop {
            let record = self.show(&rollout).await?;
            if was_decided(&record) {
                return Err(Error::PastDecision { rollout });
            }
            if record.summary.finished {
                return outcome_of(&record);
            }
            let above = self.highest_token(service).await;
            match lease::acquire(&self.ledger(), service, &self.holder, above).await? {
                Asked::Acquired { lease, .. } => break lease,
                Asked::Held(lease) if asked == Some(lease.token) => {}
                Asked::Held(lease) => {
                    let call = Call::RequestAbort {
                        service: service.to_string(),
                        by: self.by(),
                    };
                    self.ledger().call("ask for the abort", &call).await?;
                    asked = Some(lease.token);
                    let Holder {
                        user,
                        host,
                        command,
                        process,
                    } = &lease.holder;
                    observer.on(&Progress::Waiting {
                        what: format!(
                            "{user}@{host} (`{command}`, pid {}) to turn rollout {rollout} back",
                            process.pid
                        ),
                    });
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        observer.on(&Progress::Leased {
            service: service.to_string(),
            token: lease.token,
            taken_over_from: None,
        });
        let event = Event::Abort { by: self.by() };
        let outcome = self.take_up(&rollout, &lease, event, None, observer).await;
        lease::release(&self.ledger(), &lease).await;
        outcome
    }

    /// Returns the highest token of the service that any host that answers knows.
    pub(super) async fn highest_token(&self, service: &ServiceKey) -> u64 {
        let mut highest = 0;
        for (_, host) in &self.hosts {
            if let Ok(info) = crate::facts::ask_host(host.info()).await {
                highest = highest.max(info.tokens.get(service.as_str()).copied().unwrap_or(0));
            }
        }
        highest
    }

    async fn unfinished(&self, service: &ServiceKey) -> Result<String, Error> {
        self.service(service)
            .await?
            .unfinished
            .ok_or_else(|| Error::NothingUnfinished {
                service: service.clone(),
            })
    }

    /// Replays the journal and carries on from there.
    async fn take_up(
        &self,
        rollout: &str,
        lease: &Lease,
        event: Event,
        env: Option<BTreeMap<String, String>>,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, Error> {
        let record = self.show(rollout).await?;
        if record.summary.finished {
            return outcome_of(&record);
        }
        let state = replay(&record)?;
        let event = match event {
            Event::Abort { .. } if state.is_decided() => {
                return Err(Error::PastDecision {
                    rollout: rollout.into(),
                });
            }
            // It is on its way back already.
            Event::Abort { .. } if !state.is_reversible() => Event::Resumed { command: None },
            event => event,
        };
        observer.on(&Progress::Began {
            rollout: rollout.into(),
            resumed: true,
        });
        let settings =
            serde_json::from_value(record.settings.clone()).map_err(|e| Error::Stored {
                rollout: rollout.into(),
                detail: e.to_string(),
            })?;
        let drive = Drive::new(Begin {
            ledger: self.ledger(),
            lease: lease.clone(),
            hosts: self.hosts.clone(),
            means: Means {
                rollout: rollout.into(),
                plan: state.plan().clone().into(),
                settings,
                env,
            },
            clock: self.clock.clone(),
            seq: record.entries.len() as u64,
            stored: stored(&record)?,
            state,
            observer,
        });
        drive.run(event).await
    }
}

/// Returns the state that the last coordinator had when it last wrote.
fn replay(record: &Record) -> Result<Rollout, Error> {
    let unread = |e: serde_json::Error| Error::Stored {
        rollout: record.summary.rollout.clone(),
        detail: e.to_string(),
    };
    let mut entries = Vec::new();
    for entry in &record.entries {
        let entry: rollout::journal::v1::Entry = entry.read().map_err(unread)?;
        entries.push(entry.read()?);
    }
    let plan: rollout::journal::v1::Plan = record.summary.plan.read().map_err(unread)?;
    Ok(rollout::replay(plan.try_into()?, &entries)?)
}

/// Says whether a rollout that somebody else may drive is past its decision. Its end says so as well, where
/// that one's journal is of another version.
fn was_decided(record: &Record) -> bool {
    matches!(record.summary.phase, Phase::Healthy | Phase::RolledBack)
        || replay(record).is_ok_and(|state| state.is_decided())
}

fn stored(record: &Record) -> Result<Stored, Error> {
    match &record.summary.receipt {
        None => Ok(Stored::default()),
        Some(value) => serde_json::from_value(value.clone()).map_err(|e| Error::Stored {
            rollout: record.summary.rollout.clone(),
            detail: e.to_string(),
        }),
    }
}

/// The outcome of a rollout that another process ended.
fn outcome_of(record: &Record) -> Result<Outcome, Error> {
    let stored = stored(record)?;
    Ok(Outcome {
        rollout: record.summary.rollout.clone(),
        phase: record.summary.phase.into(),
        finished: record.summary.finished,
        cause: record.summary.cause.clone(),
        log: stored.log,
        hosts_behind: Vec::new(),
        receipt: stored.receipt,
    })
}
