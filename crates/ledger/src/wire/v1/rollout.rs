//! Rollouts as they are told.

use rollout::journal::v2::Phase;
use serde::{Deserialize, Serialize};

use super::{Behind, Broken, CurrentVersion, Document, Entry, NewMark};

/// What is true from an entry on, written in the same transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The phase.
    pub phase: Phase,
    /// Whether the rollout is at its end.
    pub finished: bool,
    /// Why it was given up, or what it waits for.
    pub cause: Option<String>,
    /// The version that serves from now on.
    pub current: Option<CurrentVersion>,
    /// Artifacts that are bad.
    pub marks: Vec<NewMark>,
    /// The receipt; opaque to the ledger.
    pub receipt: Option<serde_json::Value>,
    /// Every host that this rollout has set aside by now; each append tells all of them. A host that is told
    /// no more caught up. A decision ([`Self::current`]) takes off the list every host of its plan that it
    /// does not tell here, whichever rollout set it aside.
    #[serde(default)]
    pub behind: Vec<Behind>,
}

/// A rollout without its journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Its id, `service.environment.N`.
    pub rollout: String,
    /// The service key.
    pub service: String,
    /// What was planned.
    pub plan: Document,
    /// Who began it.
    pub by: String,
    /// When, in milliseconds since the epoch.
    pub began_ms: u64,
    /// When its phase was last written, in milliseconds since the epoch.
    pub updated_ms: u64,
    /// Its phase.
    pub phase: Phase,
    /// Whether it is at its end.
    pub finished: bool,
    /// Why it was given up, or what it waits for.
    pub cause: Option<String>,
    /// Its receipt.
    pub receipt: Option<serde_json::Value>,
    /// Why it began although its environment was frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub despite_freeze: Option<String>,
}

/// A rollout with its journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// All but the journal.
    pub summary: Summary,
    /// What the coordinator needs besides the plan.
    pub settings: serde_json::Value,
    /// The journal, from its first entry, or from the one after that which the caller knows. Where it is
    /// damaged, only what stands before the damage.
    pub entries: Vec<Entry>,
    /// Whether the journal goes on after these entries: the next page is to be asked for.
    #[serde(default, skip_serializing_if = "is_false")]
    pub more: bool,
    /// The damage, if there is any. Nothing is appended to such a journal any more.
    #[serde(default)]
    pub broken: Option<Broken>,
}

impl Record {
    /// Takes the next page of the same rollout. What is true of it is what the newer page says.
    pub fn join(&mut self, page: Self) {
        let mut entries = std::mem::take(&mut self.entries);
        entries.extend(page.entries);
        *self = Self { entries, ..page };
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_false(it: &bool) -> bool {
    !it
}
