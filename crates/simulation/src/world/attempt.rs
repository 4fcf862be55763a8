//! How effects are performed and hosts looked at: by the production interpreter, at one instant.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use coordinator::Host;
use coordinator::interpret::{Attempt, Deed, Moment, attempt};
use coordinator::observe::look;
use rollout::{Action, EffectId, Event, Reply};

use super::{Happening, World};
use crate::bug::Bug;
use crate::driver::{Driver, What, about};
use crate::fleet::{LATE_MS, SimHost};
use crate::rule::Rule;

/// Longest pause before an effect is tried again.
pub(crate) const PAUSE_MAX_MS: u64 = 3_000;
/// Time between two questions about what is under way, and before a hook that waits is asked again.
const POLL_MS: u64 = 200;
const ASK_AGAIN_MS: u64 = 1_000;

/// Runs a future to its end that waits for nothing.
///
/// # Panics
/// Where it does wait: the production interpreter must not.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the interpreter waits for something that is no call to a host"),
    }
}

impl World {
    /// An effect reaches where it is performed.
    pub(super) fn attempt(&mut self, who: usize, id: EffectId) {
        let Some(driver) = self.awake(who, || Happening::Attempt { who, id }) else {
            return;
        };
        if !driver.awaits(id) {
            return self.drop_pursuit(who, id);
        }
        let Some(pursuit) = driver.pursuits.get(&id).cloned() else {
            return;
        };
        let token = driver.token;
        let order = match &pursuit.what {
            What::Do { host, action } => {
                let lane = driver.lanes.entry((*host, about(action))).or_default();
                lane.calls += 1;
                lane.calls
            }
            What::Ask(_) => 0,
        };
        let tried = match &pursuit.what {
            What::Ask(errand) => {
                self.performed(id, &format!("#{} {errand}", id.0));
                self.errand(errand)
            }
            What::Do { host, action } => {
                let name = self.plan.hosts[*host as usize].host.clone();
                self.performed(id, &format!("#{} {name}: {action}", id.0));
                if self.pretends(action) {
                    Attempt::Reply(Reply::Done { notes: Vec::new() })
                } else {
                    let host = SimHost {
                        fleet: self.fleet.clone(),
                        host: *host,
                        token,
                        order: None,
                    };
                    let host = host.with_order(order);
                    let deed = Deed {
                        id,
                        round: pursuit.round,
                        action,
                        moment: &Moment::default(),
                    };
                    ready(attempt(&host, &self.means, &deed))
                }
            }
        };
        let tried = match tried {
            Attempt::Again(_) if Bug::is(self.bug, Bug::UnknownIsDone) => {
                Attempt::Reply(Reply::Done { notes: Vec::new() })
            }
            tried => tried,
        };
        let delay = match &tried {
            // A call that is not answered is given up after a while.
            Attempt::Again(_) => LATE_MS + self.chance.range(1, 200),
            _ => self.delay(),
        };
        let twice = self.fleet().network.twice;
        if let Attempt::Reply(reply) = &tried
            && self.chance.happens(twice)
        {
            let at = self.now + self.chance.range(0, 2_000);
            let event = Event::Reply {
                id,
                reply: reply.clone(),
            };
            self.queue.put(at, Happening::Event { who, event });
        }
        let attempt = tried;
        self.queue
            .put(self.now + delay, Happening::Answer { who, id, attempt });
    }

    /// What is performed is in the journal, in the same words.
    fn performed(&mut self, id: EffectId, words: &str) {
        let journaled = self
            .ledger
            .intents
            .get(&id.0)
            .is_some_and(|intent| intent == words);
        self.fleet().checker.look(Rule::Journaled, true, || {
            (!journaled).then(|| format!("`{words}` is performed and not journaled"))
        });
    }

    /// Whether a bug says that a host did something of which it was never told.
    fn pretends(&self, action: &Action) -> bool {
        let given_up = || self.fleet().checker.given_up;
        match action {
            Action::Prepare => Bug::is(self.bug, Bug::PreparedUnasked),
            Action::Background { .. } => Bug::is(self.bug, Bug::WorkLeftBehind) && given_up(),
            Action::Hook { .. } => Bug::is(self.bug, Bug::HooksUnrun),
            _ => false,
        }
    }

    /// What came of an attempt reaches the coordinator.
    pub(super) fn answered(&mut self, who: usize, id: EffectId, tried: Attempt) {
        let again = tried.clone();
        let Some(driver) = self.awake(who, || Happening::Answer {
            who,
            id,
            attempt: again,
        }) else {
            return;
        };
        let pause = match &tried {
            Attempt::Reply(_) | Attempt::Stale(_) => None,
            Attempt::Running => Some(POLL_MS),
            Attempt::Disagreed(_) => Some(ASK_AGAIN_MS),
            Attempt::Again(_) => driver.pursuits.get_mut(&id).map(|pursuit| {
                let pause = pursuit.pause_ms;
                pursuit.pause_ms = (pause * 2).min(PAUSE_MAX_MS);
                pause
            }),
        };
        if let (Attempt::Disagreed(_), Some(pursuit)) = (&tried, driver.pursuits.get_mut(&id)) {
            pursuit.round += 1;
        }
        self.leave_lane(who, id);
        match pause {
            None => {
                if let Some(driver) = self.drivers[who].as_mut() {
                    driver.pursuits.remove(&id);
                }
            }
            Some(pause) => self.queue_again(who, id, pause),
        }
        match tried {
            Attempt::Reply(reply) => self.hear(who, Event::Reply { id, reply }),
            Attempt::Again(detail) => {
                let reply = Reply::Unknown { detail };
                self.hear(who, Event::Reply { id, reply });
            }
            Attempt::Stale(_) => self.fenced(who),
            Attempt::Running | Attempt::Disagreed(_) => {}
        }
    }

    /// Tries an effect again after a pause, in its turn.
    fn queue_again(&mut self, who: usize, id: EffectId, pause: u64) {
        let Some(driver) = self.drivers[who].as_mut() else {
            return;
        };
        let Some(pursuit) = driver.pursuits.get(&id) else {
            return;
        };
        if let What::Do { host, action } = &pursuit.what {
            let lane = driver.lanes.entry((*host, about(action))).or_default();
            if std::mem::replace(&mut lane.busy, true) {
                lane.behind.push_back(id);
                return;
            }
        }
        self.queue
            .put(self.now + pause, Happening::Attempt { who, id });
    }

    /// Lets the next effect about the same thing go.
    fn leave_lane(&mut self, who: usize, id: EffectId) {
        let Some(driver) = self.drivers[who].as_mut() else {
            return;
        };
        let Some(next) = next_in_lane(driver, id) else {
            return;
        };
        let delay = self.delay();
        self.queue
            .put(self.now + delay, Happening::Attempt { who, id: next });
    }

    fn drop_pursuit(&mut self, who: usize, id: EffectId) {
        self.leave_lane(who, id);
        if let Some(driver) = self.drivers[who].as_mut() {
            driver.pursuits.remove(&id);
        }
    }

    /// A coordinator looks at the hosts that the engine wants looked at.
    pub(super) fn look(&mut self, who: usize) {
        let (fleet, now) = (self.fleet.clone(), self.clock());
        let every = self.plan.timing.probe_every_ms.max(1);
        let Some(driver) = self.awake(who, || Happening::Look { who }) else {
            return;
        };
        let token = driver.token;
        let watches = driver
            .state
            .as_ref()
            .map_or_else(Vec::new, |state| state.watches());
        let plan = self.plan.clone();
        for watch in watches {
            let place = self.places[&watch.host];
            let host = SimHost {
                fleet: fleet.clone(),
                host: place,
                token,
                order: None,
            };
            let (event, _) = ready(look(&host, now, &plan, &watch));
            let slow = self.fleet().machines[place as usize].temper.look_ms;
            let at = self.now + slow + self.delay();
            self.queue.put(at, Happening::Event { who, event });
        }
        self.queue.put(self.now + every, Happening::Look { who });
    }
}

/// Frees the lane of an effect and takes the next one that is behind it.
fn next_in_lane(driver: &mut Driver, id: EffectId) -> Option<EffectId> {
    let What::Do { host, action } = &driver.pursuits.get(&id)?.what else {
        return None;
    };
    let lane = driver.lanes.get_mut(&(*host, about(action)))?;
    match lane.behind.pop_front() {
        Some(next) => Some(next),
        None => {
            lane.busy = false;
            None
        }
    }
}
