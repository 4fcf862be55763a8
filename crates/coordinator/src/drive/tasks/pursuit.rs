//! An effect on its way to a definite reply.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rollout::{Action, EffectId, Errand, Event, InstanceId, Reply};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Mutex, Semaphore};

use crate::drive::Input;
use crate::errand;
use crate::host::Host;
use crate::interpret::{Attempt, Deed, Means, Moment, attempt, time_for};

/// Shortest and longest pause before an effect is tried again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(3));
/// Shortest and longest time between two questions about what is under way.
const POLL: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(1));
/// Time before a hook that has to agree is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(3);

/// What calls must keep their order about: one that was given up may still reach the host, so the next one
/// about the same thing waits until the earlier one has been answered or is past its time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    Route,
    Command,
    Hook,
    Instance(InstanceId),
    Instances,
}

pub(super) fn about(action: &Action) -> About {
    match action {
        Action::Route { .. }
        | Action::Ready { .. }
        | Action::Prepare
        | Action::Commit
        | Action::Drain { .. } => About::Route,
        Action::Run { .. } | Action::AwaitRun { .. } => About::Command,
        Action::Hook { .. } => About::Hook,
        Action::Clear { instance }
        | Action::Start { instance, .. }
        | Action::Background { instance, .. }
        | Action::KeepWarm { instance, .. }
        | Action::Stop { instance } => About::Instance(instance.clone()),
        Action::Hot { .. } | Action::HotBack { .. } => About::Instances,
    }
}

/// What a host is asked.
pub(super) struct Pursuit<H> {
    pub(super) host: H,
    /// Whoever holds it is alone with what the calls are about; the number of calls so far is in it.
    pub(super) lane: Arc<Mutex<u64>>,
    pub(super) room: Arc<Semaphore>,
    pub(super) wanted: Arc<AtomicBool>,
    pub(super) means: Arc<Means>,
    pub(super) moment: Moment,
    pub(super) id: EffectId,
    pub(super) action: Action,
    pub(super) inputs: UnboundedSender<Input>,
}

impl<H: Host> Pursuit<H> {
    /// Has the effect performed until it has a definite reply, or is no longer wanted.
    pub(super) async fn run(self) {
        let mut waits = Waits::default();
        let mut round = 1;
        loop {
            let tried = {
                let mut calls = self.lane.lock().await;
                let _place = self.room.acquire().await;
                if !self.wanted.load(Ordering::Relaxed) {
                    return;
                }
                *calls += 1;
                self.attempt(round, *calls).await
            };
            round += u32::from(matches!(tried, Attempt::Disagreed(_)));
            let Some(pause) = waits.report(self.id, tried, &self.inputs) else {
                return;
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(&self, round: u32, order: u64) -> Attempt {
        let host = self.host.with_order(order);
        let deed = Deed {
            id: self.id,
            round,
            action: &self.action,
            moment: &self.moment,
        };
        let time = time_for(&self.means, &self.action);
        tokio::time::timeout(time, attempt(&host, &self.means, &deed))
            .await
            .unwrap_or_else(|_| Attempt::Again(format!("no answer within {} s", time.as_secs())))
    }
}

/// What this process does itself.
pub(super) struct ErrandPursuit {
    pub(super) means: Arc<Means>,
    pub(super) moment: Moment,
    pub(super) id: EffectId,
    pub(super) errand: Errand,
    pub(super) inputs: UnboundedSender<Input>,
}

impl ErrandPursuit {
    /// Does it until it has a definite reply.
    pub(super) async fn run(self) {
        let mut waits = Waits::default();
        loop {
            let tried = errand::attempt(&self.means, &self.moment, &self.errand).await;
            let Some(pause) = waits.report(self.id, tried, &self.inputs) else {
                return;
            };
            tokio::time::sleep(pause).await;
        }
    }
}

/// How long to wait before the next attempt.
struct Waits {
    pause: Duration,
    poll: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            pause: PAUSE.0,
            poll: POLL.0,
        }
    }
}

impl Waits {
    /// Tells what came of an attempt; returns the pause before the next one, or nothing where it was the last.
    fn report(
        &mut self,
        id: EffectId,
        tried: Attempt,
        inputs: &UnboundedSender<Input>,
    ) -> Option<Duration> {
        let reply = |reply| Input::Event(Event::Reply { id, reply });
        let (input, pause) = match tried {
            Attempt::Reply(it) => (reply(it), None),
            Attempt::Stale(detail) => (Input::Fenced(detail), None),
            Attempt::Running => {
                let poll = self.poll;
                self.poll = (poll * 2).min(POLL.1);
                return Some(poll);
            }
            // The engine waits on, and keeps the words for people.
            Attempt::Disagreed(detail) => {
                self.poll = POLL.0;
                (reply(Reply::Unknown { detail }), Some(ASK_AGAIN))
            }
            Attempt::Again(detail) => {
                let pause = self.pause;
                self.pause = (pause * 2).min(PAUSE.1);
                (reply(Reply::Unknown { detail }), Some(pause))
            }
        };
        inputs.send(input).ok().and(pause)
    }
}
