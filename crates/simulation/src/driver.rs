//! A simulated coordinator: what the production one keeps in memory while it drives a rollout.

use std::collections::{BTreeMap, VecDeque};

use rollout::{Action, Effect, EffectId, Entry, Errand, Event, InstanceId, Phase, Rollout, Tick};

/// A coordinator that is alive.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) token: u64,
    /// Nothing only while the engine steps.
    pub(crate) state: Option<Rollout>,
    /// Of the last entry journaled.
    pub(crate) seq: u64,
    pub(crate) wake: Option<Tick>,
    /// Until when it stands still.
    pub(crate) frozen_until: u64,
    /// Whether it does not reach the ledger.
    pub(crate) cut_off: bool,
    /// What happened while it waits for the ledger.
    pub(crate) inbox: VecDeque<Event>,
    /// Whether it is handling that now.
    pub(crate) catches_up: bool,
    /// What is to be journaled before anything else.
    pub(crate) pending: Option<Pending>,
    pub(crate) pursuits: BTreeMap<EffectId, Pursuit>,
    pub(crate) lanes: BTreeMap<(u32, About), Lane>,
    /// Whether it leaves when a person is waited for.
    pub(crate) leaves: bool,
    /// Whether somebody is about to look what it waits for.
    pub(crate) attended: bool,
}

/// A step that is to be journaled.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) entry: Entry,
    pub(crate) next: Rollout,
    pub(crate) effects: Vec<Effect>,
    pub(crate) since: u64,
    pub(crate) pause_ms: u64,
}

/// An effect on its way to a definite reply.
#[derive(Debug, Clone)]
pub(crate) struct Pursuit {
    pub(crate) what: What,
    pub(crate) round: u32,
    pub(crate) pause_ms: u64,
}

/// Whose effect it is.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Do { host: u32, action: Action },
    Ask(Errand),
}

/// What calls must keep their order about, as the production pursuit has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum About {
    Route,
    Command,
    Hot,
    Hook,
    Instance(InstanceId),
}

/// Effects about one thing: one under way, the others behind it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lane {
    pub(crate) busy: bool,
    /// How many calls were made in it.
    pub(crate) calls: u64,
    pub(crate) behind: VecDeque<EffectId>,
}

impl Driver {
    pub(crate) fn new(token: u64, state: Rollout, seq: u64) -> Self {
        Self {
            token,
            state: Some(state),
            seq,
            wake: None,
            frozen_until: 0,
            cut_off: false,
            inbox: VecDeque::new(),
            catches_up: false,
            pending: None,
            pursuits: BTreeMap::new(),
            lanes: BTreeMap::new(),
            leaves: false,
            attended: false,
        }
    }

    /// Says whether nothing happens until a person says so.
    pub(crate) fn waits_for_a_person(&self) -> bool {
        let paused = |state: &Rollout| state.phase() == Phase::Paused && state.awaited() == 0;
        self.state.as_ref().is_some_and(paused)
    }

    /// Says whether an effect is still waited for.
    pub(crate) fn awaits(&self, id: EffectId) -> bool {
        let state = self
            .pending
            .as_ref()
            .map(|pending| &pending.next)
            .or(self.state.as_ref());
        state.is_some_and(|state| state.awaits(id))
    }
}

/// Tells what a call must keep its order about.
pub(crate) fn about(action: &Action) -> About {
    match action {
        Action::Route { .. }
        | Action::Ready { .. }
        | Action::Prepare
        | Action::Commit
        | Action::Drain { .. } => About::Route,
        Action::Run { .. } | Action::AwaitRun { .. } => About::Command,
        Action::Hook { .. } => About::Hook,
        Action::Hot { .. } | Action::HotBack { .. } => About::Hot,
        Action::Clear { instance }
        | Action::Start { instance, .. }
        | Action::KeepWarm { instance, .. }
        | Action::Background { instance, .. }
        | Action::Stop { instance } => About::Instance(instance.clone()),
    }
}
