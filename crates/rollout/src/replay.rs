//! Replays a journal.

use crate::effect::Effect;
use crate::event::Event;
use crate::machine::step;
use crate::plan::Plan;
use crate::state::Rollout;
use crate::tick::Tick;

/// An event as it was journaled, with the effects it called for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The engine's `now`.
    pub now: Tick,
    /// What happened.
    pub event: Event,
    /// The effects, in words.
    pub intents: Vec<String>,
}

/// A journal that this engine does not come to the same end with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "entry {seq} of the journal called for [{}], but this engine would do [{}]: end the rollout with the \
     version that began it",
    journaled.join("; "), replayed.join("; ")
)]
pub struct ReplayError {
    /// Which entry, from 1.
    pub seq: u64,
    /// What it called for.
    pub journaled: Vec<String>,
    /// What this engine calls for.
    pub replayed: Vec<String>,
}

impl Entry {
    /// Makes the entry of an event that called for `effects`.
    pub fn new(now: Tick, event: Event, effects: &[Effect]) -> Self {
        Self {
            now,
            event,
            intents: effects.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Replays a journal: the state that its writer had after the last entry.
///
/// # Errors
/// Where an event calls for other effects than were journaled.
pub fn replay(plan: Plan, entries: &[Entry]) -> Result<Rollout, ReplayError> {
    let mut state = Rollout::new(plan);
    for (seq, entry) in (1..).zip(entries) {
        let (next, effects) = step(state, entry.event.clone(), entry.now);
        let replayed: Vec<String> = effects.iter().map(ToString::to_string).collect();
        if replayed != entry.intents {
            return Err(ReplayError {
                seq,
                journaled: entry.intents.clone(),
                replayed,
            });
        }
        state = next;
    }
    Ok(state)
}
