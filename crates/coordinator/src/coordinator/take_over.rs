//! Takes over a rollout that another process left: to end it, or to turn it back.

use std::collections::BTreeMap;
use std::time::Duration;

use ledger::wire::v1::{Call, Lease, Record, Reply};
use rollout::journal::v2::Phase;
use rollout::{CommandDecision, Event, Rollout, ServiceKey, WaitFor};

use super::Coordinator;
use super::followed::Followed;
use crate::attendance::Attendance;
use crate::drive::{Begin, Drive, Shown};
use crate::error::Error;
use crate::host::Host;
use crate::interpret::Means;
use crate::lease::{self, Asked};
use crate::ledger_door::unexpected;
use crate::order::Verb;
use crate::outcome::{Outcome, Stored};
use crate::progress::Progress;
use crate::{view, wire};

/// Time between two looks whether a live coordinator has aborted.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What a person adds when a rollout is taken up again.
#[derive(Debug, Clone, Default)]
pub struct Resume {
    /// What became of the release command, where nobody saw its end.
    pub command: Option<CommandDecision>,
    /// The environment of instances, where it is known; needed if some were never started.
    pub env: Option<BTreeMap<String, String>>,
}

impl<H: Host> Coordinator<H> {
    /// Takes up the unfinished rollout of a service, and a pause of a person back, and ends it.
    ///
    /// # Errors
    /// Where there is none, its coordinator lives, or it cannot go on.
    pub async fn resume(
        &self,
        service: &ServiceKey,
        resume: Resume,
        mut attendance: Attendance<'_>,
    ) -> Result<Outcome, Error> {
        let rollout = self.unfinished(service).await?;
        let above = self.highest_token(service).await;
        let lease = self.lease(service, above, &mut attendance).await?;
        let orders = Orders {
            verb: None,
            command: resume.command,
            env: resume.env,
        };
        let outcome = self.take_up(&rollout, &lease, orders, attendance).await;
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
        why: Option<String>,
        mut attendance: Attendance<'_>,
    ) -> Result<Outcome, Error> {
        let rollout = self.unfinished(service).await?;
        let mut asked = None;
        // Nothing of it is replayed where its journal is of another version.
        let mut record = self.show(&rollout).await?;
        let mut known = record.entries.len() as u64;
        let mut followed = Followed::of(&record).ok();
        let lease = loop {
            let decided = followed
                .as_ref()
                .is_some_and(|(it, _)| it.state.is_decided());
            if decided || ended_well(&record) {
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
                    self.leave_with(service, Verb::Abort, None, why.clone())
                        .await?;
                    asked = Some(lease.token);
                    attendance.on(&Progress::Waiting {
                        what: format!(
                            "{} to turn rollout {rollout} back",
                            lease::who(&lease.holder)
                        ),
                    });
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
            record = self.show_after(&rollout, known).await?;
            known += record.entries.len() as u64;
            followed = followed.and_then(|(it, _)| it.read(&record).ok());
        };
        attendance.on(&Progress::Leased {
            service: service.to_string(),
            token: lease.token,
            taken_over_from: None,
        });
        let orders = Orders {
            verb: Some((Verb::Abort, why)),
            command: None,
            env: None,
        };
        let outcome = self.take_up(&rollout, &lease, orders, attendance).await;
        lease::release(&self.ledger(), &lease).await;
        outcome
    }

    /// Leaves a verb with the ledger for whoever holds the lease, for the step it was foreseen `at`; returns
    /// when it was asked.
    pub(super) async fn leave_with(
        &self,
        service: &ServiceKey,
        verb: Verb,
        at: Option<String>,
        why: Option<String>,
    ) -> Result<u64, Error> {
        const OPERATION: &str = "leave it with the ledger";
        let call = Call::Request {
            service: service.to_string(),
            verb: verb.wire(at),
            by: self.by(),
            why,
        };
        match self.ledger().call(OPERATION, &call).await? {
            Reply::Asked { request, .. } => Ok(request.at_ms),
            _ => Err(unexpected(OPERATION)),
        }
    }

    pub(super) async fn unfinished(&self, service: &ServiceKey) -> Result<String, Error> {
        self.service(service)
            .await?
            .unfinished
            .ok_or_else(|| Error::NothingUnfinished {
                service: service.clone(),
            })
    }

    /// Replays the journal and carries on from there.
    pub(super) async fn take_up(
        &self,
        rollout: &str,
        lease: &Lease,
        orders: Orders,
        mut attendance: Attendance<'_>,
    ) -> Result<Outcome, Error> {
        let record = self.show(rollout).await?;
        if record.summary.finished {
            return outcome_of(&record);
        }
        let entries = wire::read_entries(&record)?;
        let state = rollout::replay(wire::read_plan(rollout, &record.summary.plan)?, &entries)?;
        let first = orders.events(&state, rollout, &self.by())?;
        attendance.on(&Progress::Began {
            rollout: rollout.into(),
            resumed: true,
        });
        let settings =
            serde_json::from_value(record.settings.clone()).map_err(|e| Error::Stored {
                rollout: rollout.into(),
                detail: e.to_string(),
            })?;
        let verbs = entries
            .iter()
            .filter_map(|entry| view::verb(&entry.event, entry.now))
            .collect();
        let drive = Drive::new(Begin {
            ledger: self.ledger(),
            lease: lease.clone(),
            hosts: self.hosts.clone(),
            means: Means {
                rollout: rollout.into(),
                plan: state.plan().clone().into(),
                settings,
                env: orders.env,
                dir: self.dir.clone(),
            },
            clock: self.clock.clone(),
            seq: record.entries.len() as u64,
            stored: stored(&record)?,
            state,
            attendance,
            shown: Shown::with_verbs(verbs),
            by: self.by(),
        });
        drive.run(first).await
    }
}

/// What a person wants of a rollout that is taken up.
pub(super) struct Orders {
    pub(super) verb: Option<(Verb, Option<String>)>,
    pub(super) command: Option<CommandDecision>,
    pub(super) env: Option<BTreeMap<String, String>>,
}

impl Orders {
    /// The events to begin with: that the process is another one, so that health is proven anew and what was
    /// under way is asked for again, and the verb. An abort needs no proof, and asks for the way back itself.
    fn events(&self, state: &Rollout, rollout: &str, by: &str) -> Result<Vec<Event>, Error> {
        let resumed = Event::Resumed {
            command: self.command,
        };
        let (verb, why) = match &self.verb {
            Some((verb, why)) => (*verb, why.clone()),
            None => {
                let held = state.waiting().map(|waiting| &waiting.what);
                if !matches!(held, Some(WaitFor::Person { .. })) {
                    return Ok(vec![resumed]);
                }
                (Verb::Continue, None)
            }
        };
        let given = verb.event(by.into(), why);
        match verb {
            Verb::Abort if state.is_decided() => Err(Error::PastDecision {
                rollout: rollout.into(),
            }),
            // It is on its way back already.
            Verb::Abort if !state.is_reversible() => Ok(vec![resumed]),
            Verb::Abort => Ok(vec![given]),
            // A resume would find the same to do, and leave nothing to write down who wanted it.
            Verb::Retry => Ok(vec![given, resumed]),
            Verb::Promote | Verb::PromoteFull | Verb::Pause | Verb::Continue => {
                Ok(vec![resumed, given])
            }
        }
    }
}

/// Returns the state that the last coordinator had when it last wrote.
pub(super) fn replayed(record: &Record) -> Result<Rollout, Error> {
    let plan = wire::read_plan(&record.summary.rollout, &record.summary.plan)?;
    Ok(rollout::replay(plan, &wire::read_entries(record)?)?)
}

/// Says whether a rollout came to an end that is past its decision, also where its journal is of another
/// version.
fn ended_well(record: &Record) -> bool {
    matches!(record.summary.phase, Phase::Healthy | Phase::RolledBack)
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
