//! The simulated ledger: a journal in the wire's form, and a lease with fencing tokens, by the production
//! rules.

use std::collections::{BTreeMap, BTreeSet};

use rollout::journal::v2;
use rollout::{ArtifactId, Effect, Entry, HostId, Phase, Plan, ReplayError, Rollout, replay};

/// How long a lease lasts without renewal, in milliseconds.
pub(crate) const TTL_MS: u64 = 6_000;

/// What is durable.
#[derive(Debug)]
pub(crate) struct Ledger {
    plan: String,
    pub(crate) entries: Vec<String>,
    /// The effects that were journaled, in words, by their ids.
    pub(crate) intents: BTreeMap<u64, String>,
    pub(crate) token: u64,
    /// Until when the lease lasts; nothing where it was given back.
    pub(crate) lease: Option<u64>,
    pub(crate) marks: BTreeSet<ArtifactId>,
    pub(crate) decided: Option<ArtifactId>,
    pub(crate) aside: BTreeMap<HostId, String>,
    pub(crate) phase: Phase,
    pub(crate) finished: bool,
    /// How many faults keep it from being reached.
    pub(crate) away: u32,
}

/// What is written with an entry.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) phase: Phase,
    pub(crate) finished: bool,
    pub(crate) effects: Vec<Effect>,
}

/// Why an entry was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    Away,
    NotHolder,
    OutOfSequence,
}

impl Ledger {
    pub(crate) fn begin(plan: &Plan) -> Self {
        Self {
            plan: serde_json::to_string(&v2::Plan::from(plan)).expect("a plan is written as JSON"),
            entries: Vec::new(),
            intents: BTreeMap::new(),
            token: 0,
            lease: None,
            marks: BTreeSet::new(),
            decided: None,
            aside: BTreeMap::new(),
            phase: Phase::Planned,
            finished: false,
            away: 0,
        }
    }

    /// Takes the lease, if it is free; the token is higher than any that agents know.
    pub(crate) fn acquire(&mut self, now: u64, above: u64) -> Option<u64> {
        if self.away > 0 || self.lease.is_some_and(|until| until > now) {
            return None;
        }
        self.token = self.token.max(above) + 1;
        self.lease = Some(now + TTL_MS);
        Some(self.token)
    }

    pub(crate) fn renew(&mut self, token: u64, now: u64) -> Result<(), Denied> {
        self.require(token)?;
        self.lease = Some(now + TTL_MS);
        Ok(())
    }

    pub(crate) fn release(&mut self, token: u64) {
        if self.token == token {
            self.lease = None;
        }
    }

    /// A lease that ran out and that nobody took is still its holder's.
    fn require(&self, token: u64) -> Result<(), Denied> {
        if self.away > 0 {
            return Err(Denied::Away);
        }
        if token != self.token || self.lease.is_none() {
            return Err(Denied::NotHolder);
        }
        Ok(())
    }

    pub(crate) fn append(
        &mut self,
        token: u64,
        seq: u64,
        entry: &Entry,
        outcome: &Outcome,
    ) -> Result<(), Denied> {
        self.require(token)?;
        self.write(seq, entry, outcome)
    }

    /// Writes an entry, whoever wants it.
    pub(crate) fn write(
        &mut self,
        seq: u64,
        entry: &Entry,
        outcome: &Outcome,
    ) -> Result<(), Denied> {
        let text = serde_json::to_string(&v2::Entry::write(seq, entry))
            .expect("an entry is written as JSON");
        let last = self.entries.len() as u64;
        if seq <= last {
            let same = self.entries[seq as usize - 1] == text;
            return same.then_some(()).ok_or(Denied::OutOfSequence);
        }
        if seq != last + 1 || self.finished {
            return Err(Denied::OutOfSequence);
        }
        self.entries.push(text);
        for (effect, words) in outcome.effects.iter().zip(&entry.intents) {
            match effect {
                Effect::Do { id, .. } | Effect::Ask { id, .. } => {
                    self.intents.insert(id.0, words.clone());
                }
                Effect::MarkBad { artifact, .. } => {
                    self.marks.insert(artifact.clone());
                }
                Effect::Decide { artifact } => self.decided = Some(artifact.clone()),
                Effect::SetAside { host, why } => {
                    self.aside.insert(host.clone(), why.clone());
                }
                Effect::WakeAt(_) | Effect::Halt => {}
            }
        }
        self.phase = outcome.phase;
        self.finished |= outcome.finished;
        Ok(())
    }

    /// Reads the journal back and replays it, as another process does.
    pub(crate) fn replay(&self, all_but: usize) -> Result<Rollout, String> {
        let plan: v2::Plan = serde_json::from_str(&self.plan).map_err(|e| e.to_string())?;
        let kept = self.entries.len().saturating_sub(all_but);
        let mut entries = Vec::with_capacity(kept);
        for text in &self.entries[..kept] {
            let entry: v2::Entry = serde_json::from_str(text).map_err(|e| e.to_string())?;
            entries.push(entry.read().map_err(|e| e.to_string())?);
        }
        let plan: Plan = plan.try_into().map_err(|e| format!("{e:?}"))?;
        replay(plan, &entries).map_err(|error: ReplayError| error.to_string())
    }
}
