//! Drives a rollout against hosts that keep state. Everything is journaled in the wire's form, and replayed
//! at the end.

use std::collections::{BTreeMap, VecDeque};

use rollout::journal::v2;
use rollout::{
    Action, Effect, EffectId, Entry, Event, HostId, Phase, Plan, Reply, Rollout, Tick, replay, step,
};

use crate::fake::Fake;

pub(crate) struct Rig {
    pub(crate) state: Rollout,
    pub(crate) now: u64,
    pub(crate) hosts: BTreeMap<HostId, Fake>,
    /// What was asked for, in words.
    pub(crate) log: Vec<String>,
    pub(crate) asked: VecDeque<(EffectId, Asked)>,
    /// What the next errands are answered; `Done` after that.
    pub(crate) errands: VecDeque<Reply>,
    pub(crate) journal: Vec<String>,
    plan: Plan,
    wake: Option<u64>,
    /// The step at whose beginning everything stands still.
    stop_at: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum Asked {
    Host(HostId, Action),
    Errand,
}

impl Rig {
    /// Nothing was begun.
    pub(crate) fn new(plan: Plan) -> Self {
        let hosts = plan.hosts.iter();
        Self {
            hosts: hosts
                .map(|host| (host.host.clone(), Fake::of(&plan, host)))
                .collect(),
            state: Rollout::new(plan.clone()),
            now: 0,
            log: Vec::new(),
            asked: VecDeque::new(),
            errands: VecDeque::new(),
            journal: Vec::new(),
            plan,
            wake: None,
            stop_at: None,
        }
    }

    pub(crate) fn begun(plan: Plan) -> Self {
        let mut rig = Self::new(plan);
        rig.tell(Event::Begin);
        rig
    }

    pub(crate) fn host(&mut self, host: usize) -> &mut Fake {
        let id = HostId::parse(&format!("h{host}")).unwrap();
        self.hosts.get_mut(&id).unwrap()
    }

    pub(crate) fn tell(&mut self, event: Event) -> Vec<Effect> {
        let before = self.state.clone();
        let now = Tick::from_ms(self.now);
        let (state, effects) = step(before.clone(), event.clone(), now);
        if state.revision() == before.revision() {
            assert_eq!(state, before, "a change without a revision: {event:?}");
            assert!(effects.is_empty());
            return effects;
        }
        let seq = self.journal.len() as u64 + 1;
        let entry = v2::Entry::write(seq, &Entry::new(now, event, &effects));
        self.journal.push(serde_json::to_string(&entry).unwrap());
        self.state = state;
        for effect in &effects {
            match effect {
                Effect::Do { id, host, action } => {
                    self.log.push(format!("{host}: {action}"));
                    self.asked
                        .push_back((*id, Asked::Host(host.clone(), action.clone())));
                }
                Effect::Ask { id, errand } => {
                    self.log.push(errand.to_string());
                    self.asked.push_back((*id, Asked::Errand));
                }
                Effect::WakeAt(at) => self.wake = Some(at.ms()),
                other => self.log.push(other.to_string()),
            }
        }
        effects
    }

    /// Has everything that was asked for done by those who answer.
    pub(crate) fn answer(&mut self) {
        let mut silent = VecDeque::new();
        while !self.stands_still() {
            let Some((id, asked)) = self.asked.pop_front() else {
                break;
            };
            if !self.state.awaits(id) {
                continue;
            }
            let reply = match &asked {
                Asked::Errand => self.errands.pop_front().unwrap_or_else(done),
                Asked::Host(host, action) => {
                    let fake = self.hosts.get_mut(host).unwrap();
                    if fake.away {
                        silent.push_back((id, asked));
                        continue;
                    }
                    fake.obey(action);
                    done()
                }
            };
            self.tell(Event::Reply { id, reply });
        }
        silent.append(&mut self.asked);
        self.asked = silent;
    }

    fn stands_still(&self) -> bool {
        self.stop_at.as_ref().is_some_and(|name| *name == self.at())
    }

    /// Replies to the last thing that was asked for.
    pub(crate) fn reply(&mut self, reply: Reply) {
        let (id, _) = self.asked.pop_back().unwrap();
        self.tell(Event::Reply { id, reply });
    }

    pub(crate) fn look(&mut self) {
        for watch in self.state.watches() {
            if self.stands_still() {
                return;
            }
            let fake = self.hosts.get_mut(&watch.host).unwrap();
            let event = if fake.away {
                Event::Lost {
                    host: watch.host,
                    detail: "no answer".into(),
                }
            } else {
                let seen = fake.look(&self.plan, &watch.instances, self.now);
                Event::Observed {
                    host: watch.host,
                    seen,
                }
            };
            self.tell(event);
        }
    }

    /// Lets a second pass, in which everybody does what they do.
    pub(crate) fn second(&mut self) {
        self.answer();
        if self.stands_still() {
            return;
        }
        self.wake_and_look();
        self.answer();
    }

    /// A second of a coordinator that nobody answers.
    pub(crate) fn wake_and_look(&mut self) {
        self.now += 1_000;
        if self.wake.is_some_and(|wake| wake <= self.now) {
            self.wake = None;
            self.tell(Event::Wake);
        }
        self.look();
    }

    pub(crate) fn seconds(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.second();
        }
    }

    /// Goes on until the step with that name begins.
    pub(crate) fn until(&mut self, name: &str) {
        self.stop_at = Some(name.to_owned());
        for _ in 0..20_000 {
            if self.stands_still() {
                self.stop_at = None;
                return;
            }
            self.second();
        }
        panic!(
            "{name} never began; it is at {}: {:#?}",
            self.at(),
            self.log
        );
    }

    /// Goes on until it is at its end, or nothing happens by itself any more.
    pub(crate) fn run(&mut self) -> Phase {
        for _ in 0..200_000 {
            if self.state.is_halted() {
                break;
            }
            self.second();
        }
        self.replays();
        self.state.phase()
    }

    pub(crate) fn at(&self) -> String {
        let current = self.state.current();
        current.map_or_else(String::new, |(_, step)| step.name.clone())
    }

    pub(crate) fn cause(&self) -> String {
        self.state
            .cause()
            .map_or_else(String::new, ToString::to_string)
    }

    /// Replays the journal from the wire's form and compares.
    pub(crate) fn replays(&self) {
        let plan = serde_json::to_string(&v2::Plan::from(&self.plan)).unwrap();
        let plan: v2::Plan = serde_json::from_str(&plan).unwrap();
        let plan: Plan = plan.try_into().unwrap();
        assert_eq!(plan, self.plan);
        let read = |text: &String| {
            serde_json::from_str::<v2::Entry>(text)
                .unwrap()
                .read()
                .unwrap()
        };
        let entries: Vec<Entry> = self.journal.iter().map(read).collect();
        assert!(
            replay(plan, &entries).unwrap() == self.state,
            "another state after a replay"
        );
    }

    /// Returns what was asked since `from`, without the numbers of effects.
    pub(crate) fn asked_since(&self, from: usize) -> Vec<&str> {
        self.log[from..].iter().map(String::as_str).collect()
    }

    /// The coordinator dies, and another one takes over.
    pub(crate) fn take_over(&mut self) {
        self.wake = None;
        self.replays();
        self.asked.clear();
        self.tell(Event::Resumed { command: None });
    }
}

pub(crate) fn done() -> Reply {
    Reply::Done { notes: Vec::new() }
}
