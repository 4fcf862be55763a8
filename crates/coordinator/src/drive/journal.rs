//! Writes the journal, with what is true from then on.

use std::time::Duration;

use ledger::wire::v1::{
    Behind, Call, CurrentVersion, NewMark, Outcome as LedgerOutcome, Refusal, Reply,
};
use rollout::{ArtifactId, Effect, Entry};

use super::Drive;
use crate::error::Error;
use crate::host::Host;
use crate::ledger_door::{Denied, unexpected};
use crate::outcome::reason;
use crate::progress::Progress;

/// Longest pause before the ledger is asked again.
const PAUSE_MAX: Duration = Duration::from_secs(3);

/// Steps of the engine that are to be journaled together.
#[derive(Debug, Default)]
pub(super) struct Written {
    entries: Vec<Entry>,
    decided: Option<ArtifactId>,
    marks: Vec<NewMark>,
    /// Requests of people that were acted on, be it only by finding that nothing is to be done.
    pub(super) taken: Vec<u64>,
}

impl Written {
    /// Says whether no step is among them.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a step.
    pub(super) fn note(&mut self, entry: Entry, effects: &[Effect]) {
        self.entries.push(entry);
        for effect in effects {
            match effect {
                Effect::Decide { artifact } => self.decided = Some(artifact.clone()),
                Effect::MarkBad { artifact, why } => self.marks.push(NewMark {
                    artifact: artifact.to_string(),
                    why: why.clone(),
                }),
                _ => {}
            }
        }
    }
}

impl<H: Host> Drive<'_, H> {
    /// Journals steps with what is true from then on; asks again for as long as it makes sense.
    pub(super) async fn journal(&mut self, written: Written) -> Result<(), Error> {
        const OPERATION: &str = "write the journal";
        let (service, token) = (self.service.to_string(), self.lease.token);
        if written.entries.is_empty() {
            if !written.taken.is_empty() {
                let ids = written.taken;
                let call = Call::Taken {
                    service,
                    token,
                    ids,
                };
                self.write(OPERATION, &call).await?;
            }
            return Ok(());
        }
        let effect = self.effect(&written);
        let entries = (self.seq + 1..)
            .zip(&written.entries)
            .map(|(seq, entry)| crate::wire::write_entry(seq, entry))
            .collect::<Result<Vec<_>, _>>()?;
        let last = self.seq + entries.len() as u64;
        let call = Call::Append {
            service,
            token,
            rollout: self.means.rollout.clone(),
            entries,
            effect,
            taken: written.taken,
        };
        self.write(OPERATION, &call).await?;
        self.seq = last;
        self.stored_told = true;
        Ok(())
    }

    async fn write(&mut self, operation: &'static str, call: &Call) -> Result<(), Error> {
        let began_ms = self.clock.now_ms();
        let mut pause = Duration::from_millis(100);
        let mut lost = false;
        loop {
            match self.ledger.try_call(call).await {
                Ok(Reply::Done) => break,
                Ok(_) => return Err(unexpected(operation)),
                Err(Denied::Rule(Refusal::NotHolder, detail)) => return Err(self.fenced(detail)),
                Err(Denied::Rule(_, detail)) => return Err(Error::Ledger { operation, detail }),
                Err(Denied::Again(detail)) => {
                    let lost_ms = self.clock.now_ms().saturating_sub(began_ms);
                    if lost_ms > self.state.plan().timing.progress_deadline_ms {
                        let host = self.ledger.lead.clone();
                        return Err(Error::Unreachable {
                            host,
                            operation,
                            detail,
                        });
                    }
                    if !std::mem::replace(&mut lost, true) {
                        self.attendance.on(&Progress::LedgerLost { detail });
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
        if lost {
            self.attendance.on(&Progress::LedgerBack);
        }
        Ok(())
    }

    fn effect(&self, written: &Written) -> LedgerOutcome {
        let plan = self.state.plan();
        let versions = [Some(&plan.candidate), plan.stable.as_ref()];
        LedgerOutcome {
            phase: self.state.phase().into(),
            finished: self.state.is_finished(),
            cause: reason(&self.state),
            current: written.decided.as_ref().and_then(|artifact| {
                let version = versions
                    .into_iter()
                    .flatten()
                    .find(|version| version.artifact == *artifact)?;
                Some(CurrentVersion {
                    artifact: artifact.to_string(),
                    vsn: version.vsn.clone(),
                })
            }),
            marks: written.marks.clone(),
            // The ledger keeps what it was told last; counters of many hosts are large.
            receipt: (!self.stored_told)
                .then(|| serde_json::to_value(&self.stored).ok())
                .flatten(),
            behind: self
                .state
                .aside()
                .into_iter()
                .map(|(host, why)| Behind {
                    host: host.to_string(),
                    why,
                })
                .collect(),
        }
    }
}
