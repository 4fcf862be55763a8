//! What happened to a plan, as a diagram shows it.

use crate::phase::Phase;
use crate::plan::Step;
use crate::seen::{StepEnd, StepRef};
use crate::state::Rollout;
use crate::tick::Tick;

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not begun.
    Pending,
    /// Under way since then.
    Active {
        /// Since when.
        since: Tick,
    },
    /// It waits for a person.
    Waiting {
        /// Since when.
        since: Tick,
    },
    /// Done.
    Done {
        /// How long it took, in milliseconds.
        took_ms: u64,
    },
    /// Passed over by a promotion.
    Skipped,
    /// The rollout was given up in it.
    GivenUp {
        /// How long it lasted, in milliseconds.
        took_ms: u64,
    },
    /// It will not be reached any more.
    NotReached,
}

/// What happened to a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Where each step of the plan stands.
    pub steps: Vec<State>,
    /// The steps of the way back with where they stand; none where it was not taken.
    pub back: Vec<(Step, State)>,
    /// The phase.
    pub phase: Phase,
    /// Why it was given up or what it waits for, in words.
    pub why: Option<String>,
}

impl Taken {
    /// Nothing happened.
    pub fn nothing(steps: usize) -> Self {
        Self {
            steps: vec![State::Pending; steps],
            back: Vec::new(),
            phase: Phase::Planned,
            why: None,
        }
    }

    /// What happened to a rollout so far.
    pub fn of(rollout: &Rollout) -> Self {
        let waiting = rollout.waiting().is_some();
        let mut steps = vec![State::Pending; rollout.plan().steps.len()];
        let mut back: Vec<(Step, State)> = rollout
            .way_back()
            .iter()
            .map(|step| (step.clone(), State::Pending))
            .collect();
        for seen in rollout.seen() {
            let took_ms = seen.ended.map_or(0, |ended| ended.since(seen.began));
            let since = seen.began;
            let state = match (seen.ended, seen.end) {
                (None, _) if waiting => State::Waiting { since },
                (None, _) => State::Active { since },
                // It comes again; where it did not, nobody saw it through.
                (Some(_), Some(StepEnd::Interrupted)) => State::Pending,
                (_, Some(StepEnd::Skipped)) => State::Skipped,
                (_, Some(StepEnd::GivenUp)) => State::GivenUp { took_ms },
                (Some(_), _) => State::Done { took_ms },
            };
            let slot = match seen.step {
                StepRef::Plan(at) => steps.get_mut(at as usize),
                StepRef::Back(at) => back.get_mut(at as usize).map(|(_, state)| state),
            };
            if let Some(slot) = slot {
                *slot = state;
            }
        }
        if rollout.is_finished() || !back.is_empty() {
            let forward = steps.iter_mut();
            for state in forward.filter(|state| **state == State::Pending) {
                *state = State::NotReached;
            }
        }
        let waits = rollout
            .waiting()
            .map(|waiting| format!("waits for {}", waiting.what));
        Self {
            steps,
            back,
            phase: rollout.phase(),
            why: waits.or_else(|| rollout.cause().map(ToString::to_string)),
        }
    }
}
