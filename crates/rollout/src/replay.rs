//! Replays a journal.

use crate::effect::Effect;
use crate::event::Event;
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
