//! How a coordinator handles what it hears: the engine steps, the step is journaled, and only then its effects
//! are performed, unless it dies in between.

use coordinator::Host;
use rollout::{Effect, EffectId, Entry, Event, Rollout, Tick, step};

use super::{Happening, World};
use crate::bug::Bug;
use crate::coverage::count;
use crate::driver::{Driver, Lane, Pending, Pursuit, What, about};
use crate::fleet::SimHost;
use crate::ledger::{Denied, Outcome, TTL_MS};
use crate::rule::Rule;
use crate::scenario::{Fault, Gap};

/// Shortest and longest pause before the ledger is asked again.
const PAUSE_MS: (u64, u64) = (100, 3_000);

impl World {
    /// The time as coordinators have it.
    pub(super) fn clock(&self) -> Tick {
        Tick::from_ms(self.now.saturating_add_signed(self.clock_by))
    }

    /// Returns a coordinator that is alive and not standing still; what it would do waits else.
    pub(super) fn awake(
        &mut self,
        who: usize,
        what: impl FnOnce() -> Happening,
    ) -> Option<&mut Driver> {
        let until = self.drivers.get(who)?.as_ref()?.frozen_until;
        if until > self.now {
            self.queue.put(until, what());
            return None;
        }
        self.drivers[who].as_mut()
    }

    /// A coordinator hears of something; while it waits for the ledger, it hears later.
    pub(super) fn hear(&mut self, who: usize, event: Event) {
        let again = event.clone();
        let Some(driver) = self.awake(who, || Happening::Event { who, event: again }) else {
            return;
        };
        if driver.pending.is_some() {
            driver.inbox.push_back(event);
            return;
        }
        self.handle(who, event);
    }

    pub(super) fn handle(&mut self, who: usize, event: Event) {
        let now = self.clock();
        let Some(driver) = self.drivers[who].as_mut() else {
            return;
        };
        let Some(state) = driver.state.take() else {
            return;
        };
        let revision = state.revision();
        let kept = Bug::is(self.bug, Bug::EffectsFirst).then(|| state.clone());
        let (next, effects) = step(state, event.clone(), now);
        if next.revision() == revision && effects.is_empty() {
            driver.state = Some(next);
            return;
        }
        let entry = Entry::new(now, event, &effects);
        let pending = Pending {
            entry,
            effects,
            since: self.now,
            pause_ms: PAUSE_MS.0,
            next,
        };
        if let Some(before) = kept {
            // The bug: what is not written yet is under way already.
            driver.state = Some(pending.next.clone());
            self.follow(who, &pending.effects, None);
            if let Some(driver) = self.drivers[who].as_mut() {
                driver.state = Some(before);
            }
        }
        self.steps += 1;
        if self.death() == Some(Gap::BeforeJournal) {
            self.count_death(Gap::BeforeJournal);
            return self.die(who, false);
        }
        if let Some(driver) = self.drivers[who].as_mut() {
            driver.pending = Some(pending);
        }
        self.append(who);
    }

    /// Whether the coordinator dies with this step.
    fn death(&self) -> Option<Gap> {
        self.scenario.faults.iter().find_map(|fault| match fault {
            Fault::CoordinatorDies { step, gap } if *step == self.steps => Some(*gap),
            _ => None,
        })
    }

    fn count_death(&mut self, gap: Gap) {
        let fault = Fault::CoordinatorDies { step: 0, gap };
        count(&mut self.coverage.faults, fault.word());
    }

    /// Writes what is pending; asks again for as long as it makes sense.
    pub(super) fn append(&mut self, who: usize) {
        let Some(driver) = self.awake(who, || Happening::Append { who }) else {
            return;
        };
        let Some(mut pending) = driver.pending.take() else {
            return;
        };
        let (token, seq, cut_off) = (driver.token, driver.seq + 1, driver.cut_off);
        let mut outcome = Outcome {
            phase: pending.next.phase(),
            finished: pending.next.is_finished(),
            effects: pending.effects.clone(),
        };
        self.lie(&mut outcome);
        let written = if cut_off {
            Err(Denied::Away)
        } else if Bug::is(self.bug, Bug::JournalSkipped) && self.steps.is_multiple_of(7) {
            Ok(())
        } else if Bug::is(self.bug, Bug::LedgerIgnoresFence) {
            let seq = self.ledger.entries.len() as u64 + 1;
            self.ledger.write(seq, &pending.entry, &outcome)
        } else {
            self.ledger.append(token, seq, &pending.entry, &outcome)
        };
        match written {
            Ok(()) => self.written(who, pending),
            Err(Denied::Away) => {
                if self.now - pending.since > self.plan.timing.progress_deadline_ms {
                    return self.die(who, false);
                }
                let pause = pending.pause_ms;
                pending.pause_ms = (pause * 2).min(PAUSE_MS.1);
                if let Some(driver) = self.drivers[who].as_mut() {
                    driver.pending = Some(pending);
                }
                self.queue.put(self.now + pause, Happening::Append { who });
            }
            Err(Denied::NotHolder) => self.fenced(who),
            Err(Denied::OutOfSequence) => {
                let current = self.ledger.token == token;
                self.fleet().checker.look(Rule::Replay, current, || {
                    Some(format!(
                        "entry {seq} does not follow the journal of whoever holds the lease"
                    ))
                });
                self.fenced(who);
            }
        }
    }

    /// What bugs keep from the ledger.
    fn lie(&self, outcome: &mut Outcome) {
        for effect in &mut outcome.effects {
            let kept = match effect {
                Effect::MarkBad { .. } => Bug::is(self.bug, Bug::MarkSkipped),
                Effect::SetAside { .. } => Bug::is(self.bug, Bug::AsideUnnamed),
                Effect::Decide { .. } => Bug::is(self.bug, Bug::DecisionUnwritten),
                _ => false,
            };
            if kept {
                *effect = Effect::Halt;
            }
        }
    }

    /// The step is in the ledger: from here on it may be performed.
    fn written(&mut self, who: usize, pending: Pending) {
        let Some(driver) = self.drivers[who].as_mut() else {
            return;
        };
        driver.seq += 1;
        let token = driver.token;
        let current = self.ledger.token;
        let places = &self.places;
        {
            let fleet = &mut *self
                .fleet
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            fleet.checker.look(Rule::OneWriter, current > 1, || {
                (token < current)
                    .then(|| format!("token {token} writes after {current} took the lease"))
            });
            fleet
                .checker
                .journaled(&pending.next, &pending.effects, &fleet.machines, |host| {
                    places[host]
                });
            // An event may change what a rule sees of every host.
            if pending
                .effects
                .iter()
                .any(|effect| matches!(effect, Effect::Decide { .. } | Effect::SetAside { .. }))
            {
                fleet.touched.extend(0..fleet.machines.len() as u32);
            }
        }
        count(&mut self.coverage.phases, pending.next.phase().word());
        let due = self.ledger.entries.len().is_power_of_two();
        if due && self.plan.hosts.len() < 1_000 {
            self.compare(&pending.next);
        }
        let now = self.clock();
        let death = self.death();
        let driver = self.drivers[who].as_mut().expect("it is alive");
        for effect in &pending.effects {
            if let Effect::WakeAt(at) = effect {
                driver.wake = Some(*at);
                let wait = at.since(now);
                if !Bug::is(self.bug, Bug::WakesLost) {
                    self.queue.put(self.now + wait, Happening::Wake { who });
                }
            }
        }
        let over = pending.next.is_halted();
        let finished = pending.next.is_finished();
        driver.state = Some(pending.next);
        let leaves = over || (driver.leaves && driver.waits_for_a_person());
        match death {
            Some(Gap::BeforeEffects) => {
                self.count_death(Gap::BeforeEffects);
                return self.die(who, true);
            }
            Some(Gap::AmongEffects) => {
                let kept = self.chance.range(0, pending.effects.len() as u64) as usize;
                self.count_death(Gap::AmongEffects);
                if !Bug::is(self.bug, Bug::EffectsFirst) {
                    self.follow(who, &pending.effects[..kept], Some(0));
                }
                return self.die(who, true);
            }
            Some(Gap::BeforeJournal) | None => {}
        }
        if !Bug::is(self.bug, Bug::EffectsFirst) {
            self.follow(who, &pending.effects, None);
        }
        if leaves {
            return self.leave(who, finished);
        }
        self.expect_person(who);
        self.next_in_inbox(who);
    }

    /// Handles what was heard meanwhile, one after the other: what is written for one of them comes by here
    /// again, and leaves the rest to the loop that it is in.
    fn next_in_inbox(&mut self, who: usize) {
        if let Some(driver) = self.drivers[who].as_mut()
            && std::mem::replace(&mut driver.catches_up, true)
        {
            return;
        }
        while let Some(driver) = self.drivers[who].as_mut() {
            let next = match driver.pending {
                Some(_) => None,
                None => driver.inbox.pop_front(),
            };
            let Some(event) = next else {
                driver.catches_up = false;
                return;
            };
            self.handle(who, event);
        }
    }

    /// The journal, replayed, is what the coordinator has in memory.
    pub(super) fn compare(&mut self, state: &Rollout) {
        let replayed = self.ledger.replay(0);
        self.fleet()
            .checker
            .look(Rule::Replay, true, || match replayed {
                Ok(replayed) if replayed == *state => None,
                Ok(replayed) => Some(difference(state, &replayed)),
                Err(error) => Some(error),
            });
    }

    /// Puts effects under way. Those of one who dies meanwhile are performed at once, or never.
    fn follow(&mut self, who: usize, effects: &[Effect], at_once: Option<u64>) {
        for effect in effects {
            let (id, what) = match effect {
                Effect::Do { id, host, action } => {
                    let host = self.places[host];
                    (
                        *id,
                        What::Do {
                            host,
                            action: action.clone(),
                        },
                    )
                }
                Effect::Ask { id, errand } => (*id, What::Ask(errand.clone())),
                _ => continue,
            };
            let Some(driver) = self.drivers[who].as_mut() else {
                return;
            };
            let pursuit = Pursuit {
                what,
                round: 1,
                pause_ms: 200,
            };
            driver.pursuits.insert(id, pursuit);
            if at_once.is_some() {
                self.attempt(who, id);
            } else {
                self.enter_lane(who, id);
            }
        }
    }

    /// Puts an effect under way, or behind the one about the same thing.
    pub(super) fn enter_lane(&mut self, who: usize, id: EffectId) {
        let Some(driver) = self.drivers[who].as_mut() else {
            return;
        };
        let Some(pursuit) = driver.pursuits.get(&id) else {
            return;
        };
        if let What::Do { host, action } = &pursuit.what {
            let lane: &mut Lane = driver.lanes.entry((*host, about(action))).or_default();
            if std::mem::replace(&mut lane.busy, true) {
                lane.behind.push_back(id);
                return;
            }
        }
        let delay = self.delay();
        self.queue
            .put(self.now + delay, Happening::Attempt { who, id });
    }

    /// How long a message takes.
    pub(super) fn delay(&mut self) -> u64 {
        let slow = self.fleet().network.slow;
        if self.chance.happens(slow) {
            self.chance.range(50, 1_500)
        } else {
            self.chance.range(1, 40)
        }
    }

    /// A coordinator dies, and leaves nothing behind but what is in the ledger.
    pub(super) fn die(&mut self, who: usize, whole: bool) {
        let Some(driver) = self.drivers[who].take() else {
            return;
        };
        let current = driver.token == self.ledger.token;
        if let (true, true, Some(state)) = (whole, current, &driver.state) {
            self.compare(state);
        }
        // Where it is known to be dead its lease is free at once.
        if current && self.chance.happens(600) {
            self.ledger.lease = None;
        }
        let longest = if self.chance.happens(250) {
            15_000
        } else {
            2_000
        };
        let at = self.now + self.chance.range(50, longest);
        self.queue.put(at, Happening::Arrive { verb: None });
    }

    /// A coordinator learns that another one has the service.
    pub(super) fn fenced(&mut self, who: usize) {
        if self.drivers[who].take().is_some() {
            self.coverage.fenced += 1;
            self.queue
                .put(self.now + 1_000, Happening::Arrive { verb: None });
        }
    }

    /// A coordinator is done, or leaves it to a person.
    pub(super) fn leave(&mut self, who: usize, finished: bool) {
        let Some(mut driver) = self.drivers[who].take() else {
            return;
        };
        self.ledger.release(driver.token);
        if finished {
            self.finished_at = Some(self.now);
            self.last = driver.state.take();
            return;
        }
        let longest = if self.chance.happens(150) && !self.scenario.calm {
            40_000
        } else {
            4_000
        };
        let at = self.now + self.chance.range(300, longest);
        self.queue.put(at, Happening::Arrive { verb: None });
    }

    pub(super) fn wake(&mut self, who: usize) {
        let now = self.clock();
        let Some(driver) = self.awake(who, || Happening::Wake { who }) else {
            return;
        };
        let Some(wake) = driver.wake else { return };
        if driver.pending.is_some() {
            // It looks at its clock again once it has written.
            let again = self.now + PAUSE_MS.0;
            return self.queue.put(again, Happening::Wake { who });
        }
        if wake > now {
            // The clock was set back, or another time is asked for by now.
            let again = self.now + wake.since(now);
            return self.queue.put(again, Happening::Wake { who });
        }
        driver.wake = None;
        self.hear(who, Event::Wake);
    }

    /// Renews the leases of proxies.
    pub(super) fn renew(&mut self, who: usize) {
        let (fleet, now) = (self.fleet.clone(), self.clock());
        let every = (self.plan.timing.orphan_timeout_ms / 4).max(1);
        let Some(driver) = self.awake(who, || Happening::Renew { who }) else {
            return;
        };
        let token = driver.token;
        let leases = driver
            .state
            .as_ref()
            .map_or_else(Vec::new, |state| state.leases(now));
        if !Bug::is(self.bug, Bug::NoRenewals) {
            for lease in leases {
                let host = SimHost {
                    fleet: fleet.clone(),
                    host: self.places[&lease.host],
                    token,
                    order: None,
                };
                // Whether it held is seen by looking.
                let _unseen = super::attempt::ready(host.renew("", lease.ttl_ms));
            }
        }
        self.queue.put(self.now + every, Happening::Renew { who });
    }

    /// Renews the coordinator's own lease.
    pub(super) fn keep_lease(&mut self, who: usize) {
        let now = self.now;
        let Some(driver) = self.awake(who, || Happening::KeepLease { who }) else {
            return;
        };
        let (token, cut_off) = (driver.token, driver.cut_off);
        if !cut_off && self.ledger.renew(token, now) == Err(Denied::NotHolder) {
            return self.fenced(who);
        }
        self.queue
            .put(now + TTL_MS / 6, Happening::KeepLease { who });
    }
}

/// Says where two states differ first, in words.
pub(super) fn difference(memory: &Rollout, replayed: &Rollout) -> String {
    let (memory, replayed) = (format!("{memory:?}"), format!("{replayed:?}"));
    let same = memory
        .bytes()
        .zip(replayed.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let near = |text: &str| -> String {
        let from = text[..same]
            .char_indices()
            .rev()
            .nth(80)
            .map_or(0, |(at, _)| at);
        text[from..].chars().take(160).collect()
    };
    format!(
        "in memory …{}…, replayed …{}…",
        near(&memory),
        near(&replayed)
    )
}
