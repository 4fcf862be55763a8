//! The world of a simulation: hosts, a network that delays, loses, repeats and reorders, and coordinators
//! that die.

#[path = "world/birth.rs"]
mod birth;

use std::collections::BTreeMap;

use rollout::{Action, ArtifactId, Effect, EffectId, Event, Phase, Plan, Purpose, Reply};

use crate::chance::Chance;
use crate::coordinator::{Alive, Death, Ledger};
use crate::host::Host;

/// Milliseconds of one turn of the world.
const TURN: u64 = 50;
/// By then every rollout must be at its end.
const LIMIT: u64 = 400_000;

enum Message {
    Call {
        host: usize,
        token: u64,
        id: EffectId,
        action: Action,
    },
    Event {
        token: u64,
        event: Event,
    },
}

pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) now: u64,
    pub(crate) plan: Plan,
    pub(crate) hosts: Vec<Host>,
    pub(crate) ledger: Ledger,
    pub(crate) aborts: u32,
    pub(crate) runs_allowed: u32,
    chance: Chance,
    alive: Option<Alive>,
    return_at: u64,
    abort_at: Option<u64>,
    deaths: u32,
    deaths_max: u32,
    trouble: bool,
    messages: Vec<(u64, Message)>,
    lanes: BTreeMap<(usize, u64, String), u64>,
}

pub(crate) fn artifact(letter: char) -> ArtifactId {
    ArtifactId::parse(&letter.to_string().repeat(64)).unwrap()
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self::make(seed, true)
    }

    pub(crate) fn calm(seed: u64) -> Self {
        Self::make(seed, false)
    }

    pub(crate) fn run(mut self) -> Self {
        self.tell(Event::Begin);
        let end = self.now + LIMIT;
        while !self.is_over() {
            assert!(
                self.now < end,
                "seed {}: no end in {:?}",
                self.seed,
                self.ledger.replay()
            );
            self.turn();
        }
        // A release command does not outlive its rollout: a later one would run beside it.
        assert!(
            self.hosts.iter().all(|host| !host.runs_now(self.now)),
            "seed {}: the release command still runs",
            self.seed
        );
        // What was under way still arrives.
        for _ in 0..60 {
            self.turn();
        }
        self.check_end();
        self
    }

    pub(crate) fn phase(&self) -> Phase {
        self.ledger.replay().phase()
    }

    pub(crate) fn crashes(&self) -> u32 {
        self.deaths
    }

    pub(crate) fn is_rollback(&self) -> bool {
        self.plan.purpose == Purpose::Rollback
    }

    fn is_over(&self) -> bool {
        self.alive
            .as_ref()
            .is_some_and(|alive| alive.state.is_finished())
    }

    fn turn(&mut self) {
        self.now += TURN;
        let candidate = self.plan.candidate.artifact.clone();
        for host in &mut self.hosts {
            host.pass(self.now, &candidate, &mut self.chance);
        }
        let (due, later) = std::mem::take(&mut self.messages)
            .into_iter()
            .partition(|(at, _)| *at <= self.now);
        self.messages = later;
        let mut due: Vec<(u64, Message)> = due;
        due.sort_by_key(|(at, _)| *at);
        for (_, message) in due {
            match message {
                Message::Call {
                    host,
                    token,
                    id,
                    action,
                } => self.arrive(host, token, id, &action),
                Message::Event { token, event } => {
                    if self
                        .alive
                        .as_ref()
                        .is_some_and(|alive| alive.token == token)
                    {
                        self.tell(event);
                    }
                }
            }
            self.check();
        }
        self.check();
        if self.alive.is_some() {
            self.beside();
        } else if self.now >= self.return_at {
            self.come_back();
        }
        if self
            .alive
            .as_ref()
            .is_some_and(|alive| alive.state.is_halted() && !alive.state.is_finished())
        {
            self.lose_coordinator();
        }
    }

    /// A call arrives at a host, or does not.
    fn arrive(&mut self, index: usize, token: u64, id: EffectId, action: &Action) {
        let (lost, reply_lost) = (self.goes_wrong(60), self.goes_wrong(60));
        let now = self.now;
        self.check_call(index, token, action);
        let host = &mut self.hosts[index];
        let reply = if lost || !host.answers(now) {
            Reply::Unknown {
                detail: "no answer".into(),
            }
        } else {
            let Some(reply) = host.obey(action, &self.plan, token, now) else {
                return;
            };
            if reply_lost {
                Reply::Unknown {
                    detail: "the answer was lost".into(),
                }
            } else {
                reply
            }
        };
        if self.goes_wrong(50) {
            let delay = self.chance.range(0, 2_000);
            self.send(
                delay,
                Message::Event {
                    token,
                    event: Event::Reply {
                        id,
                        reply: reply.clone(),
                    },
                },
            );
        }
        let again = matches!(reply, Reply::Unknown { .. });
        let delay = self.delay();
        self.send(
            delay,
            Message::Event {
                token,
                event: Event::Reply { id, reply },
            },
        );
        // The interpreter tries again for as long as the engine waits.
        let awaited = self
            .alive
            .as_ref()
            .is_some_and(|alive| alive.token == token && alive.state.awaits(id));
        if again && awaited {
            self.call(index, token, id, action.clone(), 300);
        }
    }

    /// Sends a call; those about one thing of a host keep their order within a coordinator.
    fn call(&mut self, host: usize, token: u64, id: EffectId, action: Action, wait: u64) {
        let about = match &action {
            Action::Start { instance, .. }
            | Action::Clear { instance }
            | Action::Stop { instance }
            | Action::KeepWarm { instance, .. } => instance.to_string(),
            Action::Run { .. } | Action::AwaitRun { .. } => "run".into(),
            Action::Route { .. } | Action::Prepare | Action::Commit | Action::Drain { .. } => {
                "route".into()
            }
        };
        let at = self.now + wait + self.delay();
        let lane = self.lanes.entry((host, token, about)).or_insert(0);
        *lane = (*lane).max(at) + 1;
        self.messages.push((
            *lane,
            Message::Call {
                host,
                token,
                id,
                action,
            },
        ));
    }

    fn send(&mut self, delay: u64, message: Message) {
        self.messages.push((self.now + delay, message));
    }

    fn delay(&mut self) -> u64 {
        if self.goes_wrong(100) {
            self.chance.range(50, 1_500)
        } else {
            self.chance.range(0, 60)
        }
    }

    fn goes_wrong(&mut self, permille: u64) -> bool {
        self.trouble && self.chance.happens(permille)
    }

    /// The coordinator is told of an event, and may die of it.
    fn tell(&mut self, event: Event) {
        let Some(mut alive) = self.alive.take() else {
            return;
        };
        let dies = self.deaths < self.deaths_max && self.chance.happens(40);
        let death = match (dies, self.chance.range(0, 2)) {
            (false, _) => Death::Not,
            (true, 0) => Death::BeforeJournal,
            (true, 1) => Death::BeforeEffects,
            (true, _) => Death::AmongEffects,
        };
        let effects = alive.handle(event, self.now, &mut self.ledger, death);
        assert_eq!(
            alive.state,
            self.ledger.replay_if_due(alive.state.clone()),
            "seed {}: replay",
            self.seed
        );
        let token = alive.token;
        self.alive = Some(alive);
        let Some(mut effects) = effects else {
            return self.die();
        };
        if death == Death::AmongEffects {
            let kept = self.chance.range(0, effects.len() as u64) as usize;
            effects.truncate(kept);
        }
        for effect in effects {
            if let Effect::Do { id, host, action } = effect {
                let index = self
                    .plan
                    .hosts
                    .iter()
                    .position(|plan| plan.host == host)
                    .unwrap();
                self.call(index, token, id, action, 0);
            }
        }
        if death == Death::AmongEffects {
            self.die();
        }
    }

    fn die(&mut self) {
        self.deaths += 1;
        self.lose_coordinator();
    }

    fn lose_coordinator(&mut self) {
        self.alive = None;
        let longest = if self.chance.happens(300) {
            15_000
        } else {
            2_000
        };
        self.return_at = self.now + self.chance.range(50, longest);
    }

    /// Somebody resumes or aborts.
    fn come_back(&mut self) {
        let alive = self.ledger.take_over(self.hosts.len());
        let state = alive.state.clone();
        self.alive = Some(alive);
        let event = if self.trouble && state.is_reversible() && self.chance.happens(250) {
            self.aborts += 1;
            Event::Abort {
                by: "ada@lead".into(),
            }
        } else if state.phase() == Phase::Paused {
            let again = self.chance.happens(500);
            self.runs_allowed += u32::from(again);
            Event::Resumed {
                command: Some(if again {
                    rollout::CommandDecision::Again
                } else {
                    rollout::CommandDecision::Done
                }),
            }
        } else {
            Event::Resumed { command: None }
        };
        self.tell(event);
    }

    /// What a coordinator does beside handling events: looks, renews, wakes, obeys its person.
    fn beside(&mut self) {
        let Some(alive) = &mut self.alive else { return };
        let now = self.now;
        let token = alive.token;
        let mut events = Vec::new();
        if alive.wake.is_some_and(|wake| now >= wake) {
            alive.wake = None;
            events.push((0, Event::Wake));
        }
        let mut looks = Vec::new();
        for watch in alive.state.watches() {
            let index = self
                .plan
                .hosts
                .iter()
                .position(|plan| plan.host == watch.host)
                .unwrap();
            if now >= alive.last_look[index] + self.plan.timing.probe_every_ms {
                alive.last_look[index] = now;
                looks.push((index, watch));
            }
        }
        if now >= alive.last_renewal + 1_000 {
            alive.last_renewal = now;
            for id in alive.state.leases() {
                let index = self
                    .plan
                    .hosts
                    .iter()
                    .position(|plan| plan.host == id)
                    .unwrap();
                let host = &mut self.hosts[index];
                if host.answers(now) && token >= host.token {
                    host.renew(self.plan.timing.orphan_timeout_ms, now);
                }
            }
        }
        for (index, watch) in looks {
            let host = &self.hosts[index];
            let event = if host.answers(now) {
                Event::Observed {
                    host: watch.host,
                    seen: host.look(&watch.instances, &self.plan, now),
                }
            } else {
                Event::Lost {
                    host: watch.host,
                    detail: "no answer".into(),
                }
            };
            if !self.goes_wrong(30) {
                let delay = self.delay();
                events.push((delay, event));
            }
        }
        if self.abort_at.is_some_and(|at| now >= at) {
            self.abort_at = None;
            self.aborts += 1;
            events.push((
                0,
                Event::Abort {
                    by: "ada@lead".into(),
                },
            ));
        }
        for (delay, event) in events {
            self.send(delay, Message::Event { token, event });
        }
    }
}
