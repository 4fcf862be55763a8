//! What is known of the ledger's damage.

use std::collections::{BTreeMap, BTreeSet};

use super::journal;
use crate::wire::v1::{Broken, Refusal};
use crate::work::{Stop, Work};

/// Which rollouts are damaged, and which were looked at and are not.
#[derive(Debug, Default)]
pub(crate) struct Soundness {
    damaged: BTreeMap<String, Broken>,
    unplaced: Option<Broken>,
    sound: BTreeSet<String>,
}

impl Soundness {
    /// Takes down what a look at a part of the ledger found.
    pub(crate) fn learn(&mut self, flaws: &[Broken]) {
        for flaw in flaws {
            match &flaw.rollout {
                Some(rollout) => {
                    self.sound.remove(rollout);
                    self.damaged
                        .entry(rollout.clone())
                        .or_insert_with(|| flaw.clone());
                }
                None => {
                    self.unplaced.get_or_insert_with(|| flaw.clone());
                }
            }
        }
    }

    /// Takes down what a look at everything found.
    pub(crate) fn is_now(&mut self, flaws: &[Broken]) {
        *self = Self::default();
        self.learn(flaws);
    }

    /// All damage that is known.
    pub(crate) fn known(&self) -> impl Iterator<Item = &Broken> {
        self.damaged.values().chain(&self.unplaced)
    }

    /// Refuses to add to a damaged rollout. Its journal is read once for that.
    pub(crate) fn require(&mut self, work: &Work<'_>, rollout: &str) -> Result<(), Stop> {
        if !self.sound.contains(rollout) && !self.damaged.contains_key(rollout) {
            let journal = journal::load(work, rollout, journal::Part::None)?;
            match journal.broken {
                Some(broken) => self.learn(&[broken]),
                None => {
                    self.sound.insert(rollout.into());
                }
            }
        }
        match self.damaged.get(rollout) {
            None => Ok(()),
            Some(broken) => Err(Stop::Rule(Refusal::Damaged, refusal(work, rollout, broken))),
        }
    }
}

fn refusal(work: &Work<'_>, rollout: &str, broken: &Broken) -> String {
    let place = broken
        .seq
        .map_or_else(String::new, |seq| format!("entry {seq} of "));
    format!(
        "{place}{rollout} is damaged: {}; nothing more is written to it. Stop the agent and restore the ledger \
         {} from a backup, or move it and its -wal and -shm away to begin a new one; the proxies go on serving \
         meanwhile",
        broken.what,
        work.path.display()
    )
}
