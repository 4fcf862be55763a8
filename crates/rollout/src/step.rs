//! One step: an event is applied, then everything follows that can.

use crate::effect::Effect;
use crate::event::Event;
use crate::state::Rollout;
use crate::tick::Tick;

/// Applies an event and returns the new state with the effects that it calls for.
///
/// An event that tells nothing new leaves the state as it was and calls for nothing: it need not be
/// journaled. All others must be, with the effects, before those are performed.
#[must_use]
pub fn step(mut state: Rollout, event: Event, now: Tick) -> (Rollout, Vec<Effect>) {
    let mut effects = Vec::new();
    let was_halted = state.is_halted();
    let woken = event == Event::Wake && state.wake.is_some_and(|wake| wake <= now);
    if woken {
        state.wake = None;
    }
    state.apply(event, now, &mut effects);
    state.advance(now, &mut effects);
    let wake = state.next_wake();
    if wake != state.wake {
        state.wake = wake;
        effects.extend(wake.map(Effect::WakeAt));
    }
    if state.is_halted() && !was_halted {
        effects.push(Effect::Halt);
    }
    (state, effects)
}
