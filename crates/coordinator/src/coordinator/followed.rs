//! A rollout that somebody else drives, followed from its journal: each entry is read and replayed once.

use ledger::wire::v1::Record;
use rollout::{Entry, Rollout};

use crate::error::Error;
use crate::wire;

/// How far a rollout is known.
pub(super) struct Followed {
    pub(super) rollout: String,
    pub(super) state: Rollout,
    /// The last entry that was read.
    pub(super) known: u64,
}

impl Followed {
    /// Begins with a record that has the journal from its first entry; also returns its entries.
    pub(super) fn of(record: &Record) -> Result<(Self, Vec<Entry>), Error> {
        let rollout = record.summary.rollout.clone();
        let plan = wire::read_plan(&rollout, &record.summary.plan)?;
        let nothing = Self {
            rollout,
            state: Rollout::new(plan),
            known: 0,
        };
        nothing.read(record)
    }

    /// Replays what a record has after the last entry known; also returns these entries.
    pub(super) fn read(mut self, record: &Record) -> Result<(Self, Vec<Entry>), Error> {
        let entries = wire::read_entries(record)?;
        for entry in &entries {
            let (next, effects) = rollout::step(self.state, entry.event.clone(), entry.now);
            self.state = next;
            let intents = effects.iter().map(ToString::to_string);
            if !intents.eq(entry.intents.iter().cloned()) {
                return Err(Error::Stored {
                    rollout: self.rollout,
                    detail: "its journal was written by another version of cutover".into(),
                });
            }
            self.known += 1;
        }
        Ok((self, entries))
    }
}
