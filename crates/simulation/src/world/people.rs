//! What people do: give verbs, take over what was left, and decide what only they can.

use rollout::{CommandDecision, Event, Extent, Phase, Rollout, WaitFor};

use super::{Happening, World};
use crate::bug::Bug;
use crate::coverage::count;
use crate::driver::Driver;
use crate::ledger::TTL_MS;
use crate::rule::Rule;
use crate::scenario::Verb;

/// How often people come before they leave it as it is.
const ARRIVALS_MAX: u32 = 60;

impl World {
    /// A person gives a verb: to whoever drives, or by taking over.
    pub(super) fn verb(&mut self, verb: Verb) {
        if self.finished_at.is_some() {
            return;
        }
        let who = self.drivers.iter().rposition(Option::is_some);
        match (who, event_of(verb)) {
            (Some(who), Some(event)) => {
                self.give(verb);
                self.hear(who, event);
            }
            _ => self
                .queue
                .put(self.now, Happening::Arrive { verb: Some(verb) }),
        }
    }

    fn give(&mut self, verb: Verb) {
        count(&mut self.coverage.verbs, verb.word());
        self.skipped |= verb == Verb::PromoteFull;
        if verb == Verb::ResumeAgain {
            self.fleet().checker.runs_allowed += 1;
        }
    }

    /// A person comes and takes the rollout over, if nobody has it.
    pub(super) fn arrive(&mut self, verb: Option<Verb>) {
        if self.finished_at.is_some() || self.ledger.finished {
            return self.finish_unseen();
        }
        if verb.is_none() {
            self.arrivals += 1;
        }
        if self.arrivals > ARRIVALS_MAX {
            return;
        }
        let above = {
            let fleet = self.fleet();
            let answering = fleet.machines.iter().filter(|machine| machine.answers());
            answering.map(|machine| machine.token).max().unwrap_or(0)
        };
        let Some(token) = self.ledger.acquire(self.now, above) else {
            let attended = self.drivers.iter().flatten().any(|driver| {
                driver.token == self.ledger.token
                    && !driver.cut_off
                    && driver.frozen_until <= self.now
            });
            // Whoever has it goes on; else somebody comes again.
            if !attended {
                self.arrivals = self.arrivals.saturating_sub(1);
                self.queue
                    .put(self.now + TTL_MS / 4, Happening::Arrive { verb });
            }
            return;
        };
        let all_but =
            usize::from(Bug::is(self.bug, Bug::ReplayOneLess) && self.ledger.entries.len() > 2);
        let state = match self.ledger.replay(all_but) {
            Ok(state) => state,
            Err(error) => {
                return self
                    .fleet()
                    .checker
                    .look(Rule::Replay, true, || Some(error));
            }
        };
        let seq = self.ledger.entries.len() - all_but;
        let begun = state.phase() != Phase::Planned;
        self.coverage.take_overs += u64::from(token > 1);
        let events = self.first_events(&state, begun, verb);
        let leaves = self.chance.happens(400);
        let who = self.drivers.len();
        self.drivers
            .push(Some(Driver::new(token, state, seq as u64)));
        for what in [
            Happening::KeepLease { who },
            Happening::Look { who },
            Happening::Renew { who },
        ] {
            self.queue.put(self.now + 1, what);
        }
        for event in events {
            self.hear(who, event);
        }
        // Whoever comes to say something says it before leaving.
        if leaves && let Some(driver) = self.drivers[who].as_mut() {
            driver.leaves = true;
            if driver.pending.is_none() && driver.waits_for_a_person() {
                return self.leave(who, false);
            }
        }
        self.expect_person(who);
    }

    /// Has a person look, where a coordinator waits for one.
    pub(super) fn expect_person(&mut self, who: usize) {
        let Some(driver) = self.drivers[who].as_mut() else {
            return;
        };
        let waits = driver
            .state
            .as_ref()
            .is_some_and(|state| state.waiting().is_some());
        if waits && !std::mem::replace(&mut driver.attended, true) {
            let longest = if self.scenario.calm || !self.chance.happens(150) {
                4_000
            } else {
                40_000
            };
            let at = self.now + self.chance.range(300, longest);
            self.queue.put(at, Happening::Attend { who });
        }
    }

    /// A person who attends a coordinator decides what only a person can.
    pub(super) fn attend(&mut self, who: usize) {
        let Some(driver) = self.awake(who, || Happening::Attend { who }) else {
            return;
        };
        driver.attended = false;
        let Some(state) = driver
            .state
            .clone()
            .filter(|state| state.waiting().is_some())
        else {
            return;
        };
        let waits = state.waiting().map(|waiting| waiting.what.clone());
        if let Some(verb) = self.mind(waits.as_ref(), &state) {
            let command = match verb {
                Verb::ResumeDone => Some(CommandDecision::Done),
                Verb::ResumeAgain => Some(CommandDecision::Again),
                _ => None,
            };
            let event = event_of(verb).unwrap_or(Event::Resumed { command });
            self.give(verb);
            self.hear(who, event);
        }
        self.expect_person(who);
    }

    /// The coordinator that ended it did not live to tell.
    fn finish_unseen(&mut self) {
        self.finished_at.get_or_insert(self.now);
    }

    /// What a person has in mind when taking a rollout over.
    fn first_events(&mut self, state: &Rollout, begun: bool, verb: Option<Verb>) -> Vec<Event> {
        if !begun && verb.is_none() {
            return vec![Event::Begin];
        }
        let waits = state.waiting().map(|waiting| waiting.what.clone());
        let verb = verb.or_else(|| self.mind(waits.as_ref(), state));
        let command = match (&waits, verb) {
            (Some(WaitFor::Command), Some(Verb::ResumeDone)) => Some(CommandDecision::Done),
            (Some(WaitFor::Command), Some(Verb::ResumeAgain)) => Some(CommandDecision::Again),
            _ => None,
        };
        if let Some(verb) = verb
            && (event_of(verb).is_some() || command.is_some())
        {
            self.give(verb);
        }
        let resumed = Event::Resumed { command };
        match verb.and_then(event_of) {
            Some(Event::Abort { .. }) if !state.is_reversible() => vec![resumed],
            Some(abort @ Event::Abort { .. }) => vec![abort],
            Some(event) => vec![resumed, event],
            None => vec![resumed],
        }
    }

    /// What a person does who finds a rollout as it is.
    fn mind(&mut self, waits: Option<&WaitFor>, state: &Rollout) -> Option<Verb> {
        if self.scenario.calm {
            return waits.map(|_| Verb::Promote);
        }
        // Patience ends.
        if self.arrivals > ARRIVALS_MAX / 2 && state.is_reversible() {
            return Some(Verb::Abort);
        }
        let verbs: &[Option<Verb>] = match waits {
            Some(WaitFor::Command) => &[
                Some(Verb::ResumeDone),
                Some(Verb::ResumeAgain),
                Some(Verb::Abort),
                None,
            ],
            Some(_) => &[
                Some(Verb::Promote),
                Some(Verb::Promote),
                Some(Verb::PromoteFull),
                Some(Verb::Continue),
                Some(Verb::Abort),
                None,
            ],
            None if state.is_halted() => &[None, Some(Verb::Retry), Some(Verb::Abort)],
            None => &[None, None, None, None, None, None, Some(Verb::Abort)],
        };
        self.chance.pick(verbs)
    }
}

/// The engine's event of a verb; none where it is a way of taking over.
fn event_of(verb: Verb) -> Option<Event> {
    let (by, why) = ("ada@lead".to_owned(), None);
    Some(match verb {
        Verb::Promote => Event::Promote {
            by,
            why,
            extent: Extent::Next,
        },
        Verb::PromoteFull => Event::Promote {
            by,
            why,
            extent: Extent::Full,
        },
        Verb::Pause => Event::Pause { by, why },
        Verb::Continue => Event::Continue { by, why },
        Verb::Abort => Event::Abort { by, why },
        Verb::Retry => Event::Retry { by, why },
        Verb::ResumeDone | Verb::ResumeAgain => return None,
    })
}
