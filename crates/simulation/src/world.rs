//! A world: hosts, a network, a ledger, coordinators that die, people that act, in one order of time.

mod attempt;
mod birth;
mod drive;
mod errand;
mod faults;
mod people;

pub(crate) use attempt::PAUSE_MAX_MS;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coordinator::interpret::{Attempt, Means};
use rollout::{EffectId, Event, HostId, Plan, Rollout};

use crate::bug::Bug;
use crate::chance::Chance;
use crate::check::{Ending, Names};
use crate::coverage::Coverage;
use crate::driver::Driver;
use crate::fleet::{Fleet, Sent};
use crate::ledger::Ledger;
use crate::queue::Queue;
use crate::rule::{Rule, Violation};
use crate::scenario::{BEGIN, Fault, Scenario, Verb};

/// How long a world may go on, in milliseconds, and how often anything may happen in it, and for each host.
const LIMIT_MS: u64 = 1_500_000;
const EVENTS_MAX: u64 = 300_000;
const EVENTS_MAX_HOST: u64 = 10_000;

/// Something that happens.
#[derive(Debug)]
enum Happening {
    /// A coordinator hears of something.
    Event {
        who: usize,
        event: Event,
    },
    /// An effect reaches where it is performed.
    Attempt {
        who: usize,
        id: EffectId,
    },
    /// What came of it reaches the coordinator.
    Answer {
        who: usize,
        id: EffectId,
        attempt: Attempt,
    },
    /// A call that was given up, or its double, arrives.
    Late(Sent),
    /// A coordinator looks at hosts, renews leases of proxies, renews its own lease, writes the journal.
    Look {
        who: usize,
    },
    Renew {
        who: usize,
    },
    KeepLease {
        who: usize,
    },
    Append {
        who: usize,
    },
    Wake {
        who: usize,
    },
    /// Something happens on a host by itself.
    Host {
        host: u32,
    },
    /// A fault begins or ends.
    Fault {
        fault: usize,
        begins: bool,
    },
    /// A person does something.
    Verb {
        verb: Verb,
    },
    /// A person who attends a coordinator sees what it waits for.
    Attend {
        who: usize,
    },
    /// A person comes to take the rollout over.
    Arrive {
        verb: Option<Verb>,
    },
}

/// A world between two happenings.
pub(crate) struct World {
    scenario: Scenario,
    bug: Option<Bug>,
    plan: Arc<Plan>,
    means: Means,
    places: BTreeMap<HostId, u32>,
    fleet: Arc<Mutex<Fleet>>,
    ledger: Ledger,
    queue: Queue<Happening>,
    now: u64,
    /// How far the clock of coordinators is off.
    clock_by: i64,
    chance: Chance,
    drivers: Vec<Option<Driver>>,
    /// When each host's next happening by itself is due, as it was queued.
    due: Vec<u64>,
    /// How many steps were journaled.
    steps: u32,
    events: u64,
    arrivals: u32,
    /// When the rollout came to its end.
    finished_at: Option<u64>,
    last: Option<Rollout>,
    /// How often the hooks beside the coordinator were called, and what came of those that ended.
    calls: BTreeMap<u32, u32>,
    hooks: Vec<(u32, bool)>,
    skipped: bool,
    coverage: Coverage,
}

/// What came of a world.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) events: u64,
    pub(crate) violation: Option<Violation>,
    pub(crate) coverage: Coverage,
    /// The journal, and the last calls, where they were wanted.
    pub(crate) journal: Vec<String>,
    pub(crate) deeds: Vec<String>,
    pub(crate) finished_ms: u64,
}

impl World {
    fn fleet(&self) -> MutexGuard<'_, Fleet> {
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets everything happen until the end, or until a rule is broken.
    pub(crate) fn run(mut self) -> Outcome {
        while let Some((at, what)) = self.queue.take() {
            let over = self
                .finished_at
                .is_some_and(|end| at > end + self.settle_ms());
            let events_max = EVENTS_MAX + EVENTS_MAX_HOST * self.due.len() as u64;
            if over || at > BEGIN + LIMIT_MS || self.events > events_max {
                break;
            }
            self.now = self.now.max(at);
            self.events += 1;
            self.fleet().now = self.now;
            self.happens(what);
            self.see();
            if self.fleet().checker.violation.is_some() {
                break;
            }
        }
        self.end()
    }

    /// How long the world goes on after the rollout: leases run out and late calls arrive.
    fn settle_ms(&self) -> u64 {
        let timing = &self.plan.timing;
        timing.pause_max_ms.max(timing.orphan_timeout_ms) + 3_000
    }

    fn happens(&mut self, what: Happening) {
        match what {
            Happening::Event { who, event } => self.hear(who, event),
            Happening::Attempt { who, id } => self.attempt(who, id),
            Happening::Answer { who, id, attempt } => self.answered(who, id, attempt),
            Happening::Late(sent) => self.fleet().arrives(&sent),
            Happening::Look { who } => self.look(who),
            Happening::Renew { who } => self.renew(who),
            Happening::KeepLease { who } => self.keep_lease(who),
            Happening::Append { who } => self.append(who),
            Happening::Wake { who } => self.wake(who),
            Happening::Host { host } => {
                let now = self.now;
                let fleet = &mut *self.fleet();
                fleet.machines[host as usize].pass(now);
                fleet.touched.push(host);
            }
            Happening::Fault { fault, begins } => self.fault(fault, begins),
            Happening::Verb { verb } => self.verb(verb),
            Happening::Attend { who } => self.attend(who),
            Happening::Arrive { verb } => self.arrive(verb),
        }
    }

    /// Looks at the hosts that something happened to, and queues what they do next.
    fn see(&mut self) {
        let now = self.now;
        let fleet = &mut *self.fleet.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, sent) in fleet.later.drain(..) {
            self.queue.put(at, Happening::Late(sent));
        }
        fleet.checker.at(now);
        for host in std::mem::take(&mut fleet.touched) {
            let machine = &mut fleet.machines[host as usize];
            if machine.up {
                machine.pass(now);
            }
            fleet.checker.host(host, machine);
            if let Some(next) = machine.next_change().map(|next| next.max(now + 1)) {
                let due = &mut self.due[host as usize];
                if *due <= now || next < *due {
                    *due = next;
                    self.queue.put(next, Happening::Host { host });
                }
            }
        }
    }

    /// Checks the end.
    fn end(mut self) -> Outcome {
        let lost: Names = self
            .scenario
            .faults
            .iter()
            .filter_map(|fault| match fault {
                Fault::HostLost {
                    host, for_ms: None, ..
                } => Some(*host),
                _ => None,
            })
            .filter_map(|host| {
                self.plan
                    .hosts
                    .get(host as usize)
                    .map(|plan| plan.host.clone())
            })
            .collect();
        let last = self.last.take();
        let mut fleet = self.fleet.lock().unwrap_or_else(PoisonError::into_inner);
        let fleet = &mut *fleet;
        if fleet.checker.violation.is_none() {
            match self.ledger.replay(0) {
                Ok(state) => {
                    fleet.checker.look(Rule::Replay, last.is_some(), || {
                        let last = last.as_ref().filter(|last| **last != state)?;
                        Some(drive::difference(last, &state))
                    });
                    let ending = Ending {
                        calm: self.scenario.calm,
                        at: self.finished_at.unwrap_or(self.now),
                        state: &state,
                        ledger: &self.ledger,
                        machines: &fleet.machines,
                        lost: &lost,
                        hooks: &self.hooks,
                        skipped: self.skipped,
                    };
                    fleet.checker.end(&ending);
                    crate::coverage::count(&mut self.coverage.ends, state.phase().word());
                    for seen in state.seen() {
                        if let Some(step) = state.step_of(seen.step) {
                            crate::coverage::count(&mut self.coverage.steps, kind(&step.work));
                        }
                    }
                    if let Some(cause) = state.cause() {
                        let words = format!("{cause:?}");
                        let word = words
                            .split([' ', '{'])
                            .next()
                            .unwrap_or_default()
                            .to_owned();
                        crate::coverage::count(&mut self.coverage.causes, word);
                    }
                }
                Err(error) => fleet.checker.look(Rule::Replay, true, || Some(error)),
            }
        }
        self.coverage.rules = fleet.checker.looks();
        Outcome {
            events: self.events,
            violation: fleet.checker.violation.clone(),
            coverage: self.coverage,
            journal: if fleet.deeds.is_some() {
                self.ledger.entries
            } else {
                Vec::new()
            },
            deeds: fleet.deeds.take().map(Vec::from).unwrap_or_default(),
            finished_ms: self.finished_at.unwrap_or(self.now) - BEGIN,
        }
    }
}

/// The word of a kind of step.
fn kind(work: &rollout::Work) -> String {
    let words = format!("{work:?}");
    let word = words.split([' ', '{', '(']).next().unwrap_or_default();
    match work {
        rollout::Work::Hot(part) => format!("Hot {}", part.word()),
        _ => word.to_owned(),
    }
}
