//! The machine that walks steps. It knows no strategy.
//!
//! ```text
//! event ──▶ apply: what is known changes ──▶ advance: steps that are over end, the next ones ask ──▶ effects
//! ```
//!
//! Invariant: an event costs what it touches: one host, or the hosts of a step that begins or ends, never
//! the whole fleet.

mod action;
mod advance;
mod analysis;
mod apply;
mod aside;
mod ask;
mod back;
mod committed;
mod deadline;
mod enter;
mod gate;
mod give_up;
mod hook;
mod lost;
mod observe;
mod overdue;
mod reply;
mod resume;
mod serving;
mod verb;
mod wait;

pub(crate) use analysis::Judging;

use crate::effect::Effect;
use crate::event::Event;
use crate::state::Rollout;
use crate::tick::Tick;

/// Time until what is due is looked at again where nothing could be done about it, in milliseconds.
const AGAIN_MS: u64 = 1_000;

/// What one event comes to.
pub(crate) struct Outcome {
    pub(crate) now: Tick,
    pub(crate) effects: Vec<Effect>,
    /// Whether something is known now that was not.
    pub(crate) changed: bool,
}

/// Applies an event and returns the new state with the effects that it calls for.
///
/// An event that tells nothing new leaves the state, with its [`Rollout::revision`], as it was and calls for
/// nothing: it need not be journaled. All others must be, with the effects, before those are performed.
#[must_use]
pub fn step(mut state: Rollout, event: Event, now: Tick) -> (Rollout, Vec<Effect>) {
    let mut out = Outcome {
        now,
        effects: Vec::new(),
        changed: false,
    };
    let was_halted = state.is_halted();
    let woken = matches!(event, Event::Wake) && state.wake.is_some_and(|wake| wake <= now);
    if woken {
        state.wake = None;
        out.changed = true;
    }
    state.apply(event, &mut out);
    state.advance(&mut out);
    let wake = match (state.next_wake(), state.wake) {
        // What is due, and nothing could be done about it, is looked at again in a while, not at once.
        (Some(due), _) if woken && due <= now => Some(now.after(AGAIN_MS)),
        (Some(due), Some(later)) if due <= now && later > now => Some(later),
        (due, _) => due,
    };
    if wake != state.wake {
        state.wake = wake;
        out.changed = true;
        out.effects.extend(wake.map(Effect::WakeAt));
    }
    if state.is_halted() && !was_halted {
        out.effects.push(Effect::Halt);
    }
    if out.changed || !out.effects.is_empty() {
        state.revision += 1;
    }
    (state, out.effects)
}
