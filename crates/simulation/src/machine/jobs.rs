//! Programs that an agent runs for a rollout: the release command, background work, hooks.

use std::collections::BTreeMap;

use agent::api::v1::RunStatus;
use rollout::InstanceId;

/// A program under way, or its end.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) what: What,
    pub(crate) instance: InstanceId,
    ends_at: u64,
    exit: i32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// It runs, but the agent that would see its end is gone.
    Unseen,
    Ended,
    Unknown,
}

/// What a program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Command,
    Activate,
    Quiesce,
    Hook(u32),
}

/// A program that has just ended.
pub(super) struct Ended {
    what: What,
    instance: InstanceId,
    good: bool,
}

impl What {
    /// Tells by its words, which the scenario gave it.
    pub(crate) fn of(words: &[String]) -> Self {
        match words.last().map_or("", String::as_str) {
            "activate" => Self::Activate,
            "quiesce" => Self::Quiesce,
            word => word.parse().map_or(Self::Command, Self::Hook),
        }
    }
}

impl Job {
    pub(super) fn begin(what: What, instance: InstanceId, ends_at: u64, exit: i32) -> Self {
        Self {
            what,
            instance,
            ends_at,
            exit,
            state: State::Running,
        }
    }

    pub(super) fn turn(&mut self, now: u64) -> Option<Ended> {
        if now < self.ends_at {
            return None;
        }
        self.state = match self.state {
            State::Running => State::Ended,
            State::Unseen => State::Unknown,
            State::Ended | State::Unknown => return None,
        };
        Some(Ended {
            what: self.what,
            instance: self.instance.clone(),
            good: self.exit == 0,
        })
    }

    pub(super) fn next_change(&self) -> Option<u64> {
        matches!(self.state, State::Running | State::Unseen).then_some(self.ends_at)
    }

    /// Nobody will see its end.
    pub(super) fn lose(&mut self) {
        if self.state == State::Running {
            self.state = State::Unseen;
        }
    }

    /// Whether it is still under way, seen or not.
    pub(crate) fn runs(&self) -> bool {
        matches!(self.state, State::Running | State::Unseen)
    }

    pub(crate) fn status(&self) -> RunStatus {
        match self.state {
            State::Running => RunStatus::Running,
            State::Unseen | State::Unknown => RunStatus::Unknown,
            State::Ended => RunStatus::Finished {
                exit: self.exit,
                output: String::new(),
            },
        }
    }
}

impl Ended {
    pub(super) fn apply(
        self,
        instances: &mut BTreeMap<InstanceId, super::Instance>,
        hooks: &mut Vec<(u32, bool)>,
    ) {
        match self.what {
            What::Command => {}
            What::Hook(hook) => hooks.push((hook, self.good)),
            What::Activate | What::Quiesce => {
                if let Some(instance) = instances.get_mut(&self.instance)
                    && self.good
                    && instance.on
                {
                    instance.works = self.what == What::Activate;
                }
            }
        }
    }
}

/// Says whether a hook fails once more.
pub(crate) fn fails(left: &mut u32) -> bool {
    let fails = *left > 0;
    *left = match *left {
        u32::MAX => u32::MAX,
        left => left.saturating_sub(1),
    };
    fails
}
