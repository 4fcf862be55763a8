//! Verbs for a rollout that somebody drives, or that nobody does.

use std::collections::BTreeMap;
use std::time::Duration;

use rollout::ServiceKey;

use super::Coordinator;
use super::foresee::Foreseen;
use super::take_over::Orders;
use crate::attendance::Attendance;
use crate::error::Error;
use crate::host::Host;
use crate::lease::{self, Asked, who};
use crate::order::{Order, verb_of};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::wire;

/// Time between two looks whether a verb was taken.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// How long that is waited for.
const TAKEN_WITHIN: Duration = Duration::from_secs(15);

/// What came of a verb.
#[derive(Debug)]
pub enum Answered {
    /// It would change nothing, and was not given; why is in the words.
    Nothing(Foreseen),
    /// Whoever drives the rollout took it: it is journaled.
    Taken {
        /// Who.
        driver: String,
        /// When, in milliseconds since the epoch.
        at_ms: u64,
    },
    /// It waits with the ledger; whoever drives the rollout has not taken it in time.
    Left {
        /// Who.
        driver: String,
    },
    /// Nobody drove the rollout; this process did, and that is how far it came.
    Drove(Box<Outcome>),
}

impl<H: Host> Coordinator<H> {
    /// Gives a verb to the unfinished rollout of a service: through whoever drives it, or by driving it.
    /// The same verb again does nothing more.
    ///
    /// # Errors
    /// Where there is none, or the ledger does not answer, or it cannot go on.
    pub async fn order(
        &self,
        service: &ServiceKey,
        order: Order,
        env: Option<BTreeMap<String, String>>,
        mut attendance: Attendance<'_>,
    ) -> Result<Answered, Error> {
        let rollout = self.unfinished(service).await?;
        let record = self.show(&rollout).await?;
        let known = record.entries.len() as u64;
        let foreseen = self.foresee_in(&record, service, order.verb).await?;
        if !foreseen.does_something {
            return Ok(Answered::Nothing(foreseen));
        }
        let above = self.highest_token(service).await;
        let lease = match lease::acquire(&self.ledger(), service, &self.holder, above).await? {
            Asked::Acquired { lease, .. } => lease,
            Asked::Held(held) => {
                let driver = who(&held.holder);
                attendance.on(&Progress::Waiting {
                    what: format!("{driver} to take `{}`", order.verb.word()),
                });
                return self
                    .wait_for(service, order, foreseen.at, known, driver)
                    .await;
            }
        };
        attendance.on(&Progress::Leased {
            service: service.to_string(),
            token: lease.token,
            taken_over_from: None,
        });
        let orders = Orders {
            verb: Some((order.verb, order.why)),
            command: None,
            env,
        };
        let outcome = self.take_up(&rollout, &lease, orders, attendance).await;
        lease::release(&self.ledger(), &lease).await;
        Ok(Answered::Drove(Box::new(outcome?)))
    }

    /// Leaves a verb for whoever drives, for the step it was foreseen `at`, and waits until it is journaled
    /// after the entry `known`.
    async fn wait_for(
        &self,
        service: &ServiceKey,
        order: Order,
        at: Option<String>,
        mut known: u64,
        driver: String,
    ) -> Result<Answered, Error> {
        let rollout = self.unfinished(service).await?;
        let by = self.by();
        self.leave_with(service, order.verb, at, order.why).await?;
        let taken = async {
            loop {
                let record = self.show_after(&rollout, known).await?;
                known += record.entries.len() as u64;
                for entry in wire::read_entries(&record)? {
                    if verb_of(&entry.event)
                        .is_some_and(|(verb, who, _)| verb == order.verb && who == by)
                    {
                        return Ok::<_, Error>(entry.now.ms());
                    }
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        match tokio::time::timeout(TAKEN_WITHIN, taken).await {
            Ok(at_ms) => Ok(Answered::Taken {
                driver,
                at_ms: at_ms?,
            }),
            Err(_) => Ok(Answered::Left { driver }),
        }
    }
}
