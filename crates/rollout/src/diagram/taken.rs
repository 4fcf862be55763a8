//! What happened to a plan, as a diagram shows it.

use serde::Serialize;

use crate::phase::Phase;
use crate::plan::Step;
use crate::seen::{StepEnd, StepRef, StepSeen};
use crate::state::Rollout;

/// Where a step stands. Times are in milliseconds, points in time since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// Not begun.
    Pending,
    /// It was left, to prove health anew, and comes again.
    Interrupted,
    /// Under way since then.
    Active {
        /// Since when.
        since_ms: u64,
    },
    /// It waits for a person, or for somebody's hook.
    Waiting {
        /// Since when.
        since_ms: u64,
    },
    /// Done.
    Done {
        /// How long it took.
        took_ms: u64,
    },
    /// Passed over by a promotion.
    Skipped,
    /// The rollout was given up in it.
    GivenUp {
        /// How long it lasted.
        took_ms: u64,
    },
    /// It will not be reached any more.
    NotReached,
}

/// What happened to a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Where it stands.
    pub state: State,
    /// How often it was begun.
    pub times: u32,
    /// What is to be told of it: notes of hooks, what an analysis found.
    pub notes: Vec<String>,
}

/// What happened to a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What happened to each step of the plan.
    pub steps: Vec<Passage>,
    /// The steps of the way back; none where it was not taken.
    pub back: Vec<(Step, Passage)>,
    /// The phase.
    pub phase: Phase,
    /// Whether the candidate was decided for.
    pub decided: bool,
    /// Why it was given up or what it waits for, in words.
    pub why: Option<String>,
    /// Hosts that were set aside.
    pub aside: Vec<String>,
}

impl State {
    /// Says whether a rollout came to it.
    pub fn is_begun(self) -> bool {
        !matches!(self, Self::Pending | Self::Interrupted | Self::NotReached)
    }

    /// Says whether a rollout left it forwards.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done { .. } | Self::Skipped)
    }

    /// Says whether a rollout is in it.
    pub fn is_current(self) -> bool {
        matches!(self, Self::Active { .. } | Self::Waiting { .. })
    }
}

impl Passage {
    /// Nothing happened.
    pub fn nothing() -> Self {
        Self {
            state: State::Pending,
            times: 0,
            notes: Vec::new(),
        }
    }

    fn take(&mut self, seen: &StepSeen, waiting: bool) {
        let took_ms = seen.ended.map_or(0, |ended| ended.since(seen.began));
        let since_ms = seen.began.ms();
        self.times = self.times.saturating_add(1);
        self.notes.extend(seen.notes.iter().cloned());
        self.state = match (seen.ended, seen.end) {
            (None, _) if waiting => State::Waiting { since_ms },
            (None, _) => State::Active { since_ms },
            (Some(_), Some(StepEnd::Interrupted)) => State::Interrupted,
            (_, Some(StepEnd::Skipped)) => State::Skipped,
            (_, Some(StepEnd::GivenUp)) => State::GivenUp { took_ms },
            (Some(_), _) => State::Done { took_ms },
        };
    }
}

impl Taken {
    /// Nothing happened.
    pub fn nothing(steps: usize) -> Self {
        Self {
            steps: vec![Passage::nothing(); steps],
            back: Vec::new(),
            phase: Phase::Planned,
            decided: false,
            why: None,
            aside: Vec::new(),
        }
    }

    /// What happened to a rollout so far.
    pub fn of(rollout: &Rollout) -> Self {
        let waiting = rollout.waiting().is_some();
        let mut steps = vec![Passage::nothing(); rollout.plan().steps.len()];
        let mut back: Vec<(Step, Passage)> = rollout
            .way_back()
            .iter()
            .map(|step| (step.clone(), Passage::nothing()))
            .collect();
        for seen in rollout.seen() {
            if let Some(passage) = place(&mut steps, &mut back, seen.step) {
                passage.take(seen, waiting);
            }
        }
        for judged in rollout.judged() {
            if let Some(passage) = place(&mut steps, &mut back, judged.step) {
                let found = outcome(&judged.outcome);
                passage.notes.push(format!("{}: {found}", judged.name));
            }
        }
        if rollout.is_finished() || !back.is_empty() {
            for passage in &mut steps {
                if matches!(passage.state, State::Pending | State::Interrupted) {
                    passage.state = State::NotReached;
                }
            }
        }
        let waits = rollout
            .waiting()
            .map(|waiting| format!("waits for {}", waiting.what));
        Self {
            steps,
            back,
            phase: rollout.phase(),
            decided: rollout.is_decided(),
            why: waits.or_else(|| rollout.cause().map(ToString::to_string)),
            aside: rollout
                .aside()
                .iter()
                .map(|(host, _)| host.to_string())
                .collect(),
        }
    }
}

fn place<'a>(
    steps: &'a mut [Passage],
    back: &'a mut [(Step, Passage)],
    step: StepRef,
) -> Option<&'a mut Passage> {
    match step {
        StepRef::Plan(at) => steps.get_mut(at as usize),
        StepRef::Back(at) => back.get_mut(at as usize).map(|(_, passage)| passage),
    }
}

fn outcome(outcome: &analysis::Outcome) -> String {
    use analysis::Outcome;
    let (word, detail) = match outcome {
        Outcome::Running { detail } => ("not decided", detail),
        Outcome::Successful { detail } => ("successful", detail),
        Outcome::Failed { detail } => ("failed", detail),
        Outcome::Inconclusive { detail } => ("cannot tell", detail),
    };
    format!("{word}, {detail}")
}
