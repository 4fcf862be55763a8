//! The gates that a candidate goes through, event by event.

use std::collections::BTreeMap;

use rollout::{
    Action, Cause, Effect, EffectId, Event, Health, HostId, Observation, Phase, Rollout, RouteSeen,
    Tally, Tick, TrafficSeen, Verdict, step,
};

use crate::request::{artifact, blue_green, deploy, plan};
use crate::rig::done;

/// One host on which `a` serves and `c` is brought in, with a clock in seconds.
struct Gate {
    state: Rollout,
    effects: Vec<Effect>,
}

impl Gate {
    fn begin() -> Self {
        let mut gate = Self {
            state: Rollout::new(plan(&deploy(blue_green()), 1)),
            effects: Vec::new(),
        };
        gate.tell(0, Event::Begin);
        gate
    }

    fn tell(&mut self, at_s: u64, event: Event) {
        let (state, effects) = step(self.state.clone(), event, Tick::from_ms(at_s * 1000));
        self.state = state;
        self.effects.extend(effects);
    }

    /// Replies to the last effect that a host was asked for.
    fn done(&mut self, at_s: u64) {
        let id = self.last().0;
        self.tell(at_s, Event::Reply { id, reply: done() });
    }

    fn last(&self) -> (EffectId, Action) {
        let found = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Do { id, action, .. } => Some((*id, action.clone())),
            _ => None,
        });
        found.unwrap()
    }

    fn see(&mut self, at_s: u64, verdict: Verdict, restarts: u32, counted: (u64, u64)) {
        let instance = self.state.plan().hosts[0].candidate[0].instance.clone();
        let candidate = Tally {
            requests: counted.0,
            bad: counted.1,
            slow: 0,
            open: 0,
        };
        let seen = Observation {
            began: Tick::from_ms(at_s * 1000),
            instances: [(
                instance,
                Health {
                    verdict,
                    restarts,
                    detail: "503".into(),
                },
            )]
            .into(),
            route: Some(RouteSeen {
                weights: BTreeMap::new(),
                reverted: false,
            }),
            traffic: TrafficSeen {
                epoch: 1,
                stable: Tally::default(),
                candidate,
            },
        };
        self.tell(
            at_s,
            Event::Observed {
                host: HostId::parse("h0").unwrap(),
                seen,
            },
        );
    }

    fn healthy(&mut self, at_s: u64) {
        self.see(at_s, Verdict::Healthy, 0, (0, 0));
    }

    fn sick(&mut self, at_s: u64) {
        self.see(at_s, Verdict::Unhealthy, 0, (0, 0));
    }

    fn asked(&self) -> String {
        self.last().1.to_string()
    }

    /// A candidate that has traffic and is watched since second 10.
    fn watched() -> Self {
        let mut gate = Self::begin();
        gate.done(1);
        gate.healthy(2);
        gate.healthy(8);
        gate.done(10);
        gate
    }
}

#[test]
fn a_flapping_candidate_begins_its_time_anew() {
    let mut gate = Gate::begin();
    gate.done(1);
    gate.healthy(2);
    gate.sick(5);
    gate.healthy(6);
    gate.healthy(10);
    assert_eq!(gate.asked(), "start shop.production-2 with cccccccccccc");
    gate.healthy(11);
    assert_eq!(
        gate.asked(),
        "route 100 to cccccccccccc, 0 to aaaaaaaaaaaa (leased for 15 s)"
    );
}

#[test]
fn silence_is_not_health() {
    let mut gate = Gate::begin();
    gate.done(1);
    gate.healthy(2);
    gate.tell(
        4,
        Event::Lost {
            host: HostId::parse("h0").unwrap(),
            detail: "no answer".into(),
        },
    );
    gate.healthy(8);
    assert_eq!(gate.asked(), "start shop.production-2 with cccccccccccc");
    gate.healthy(13);
    assert!(gate.asked().starts_with("route 100"));
}

#[test]
fn a_crash_loop_fails_long_before_the_deadline() {
    let mut gate = Gate::begin();
    gate.done(1);
    gate.see(3, Verdict::Down, 2, (0, 0));
    assert_eq!(gate.state.phase(), Phase::Progressing);
    gate.see(4, Verdict::Down, 3, (0, 0));
    assert!(matches!(
        gate.state.cause(),
        Some(Cause::CrashLoop { restarts: 3, .. })
    ));
    assert_eq!(gate.asked(), "stop shop.production-2");
    // It never had traffic, so it is not marked.
    assert!(
        !gate
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::MarkBad { .. }))
    );
    assert_eq!(
        gate.state.cause().unwrap().to_string(),
        "shop.production-2 on h0 crashed 3 times while starting; last: 503"
    );
}

#[test]
fn the_deadline_is_told_with_the_checks_last_words() {
    let mut gate = Gate::begin();
    gate.done(1);
    gate.sick(299);
    gate.tell(300, Event::Wake);
    let cause = gate.state.cause().unwrap().to_string();
    assert_eq!(
        cause,
        "shop.production-2 on h0 was not healthy within 300 s (healthy_deadline): 503"
    );
}

#[test]
fn three_failed_checks_in_a_row_end_the_watch_and_two_do_not() {
    let mut gate = Gate::watched();
    gate.sick(11);
    gate.sick(12);
    gate.healthy(13);
    gate.sick(14);
    gate.sick(15);
    assert!(gate.state.cause().is_none());
    gate.sick(16);
    assert!(matches!(
        gate.state.cause(),
        Some(Cause::FailedWatched { .. })
    ));
    assert_eq!(
        gate.asked(),
        "route 0 to cccccccccccc, 100 to aaaaaaaaaaaa (final)"
    );
}

#[test]
fn one_crash_while_watched_is_enough() {
    let mut gate = Gate::watched();
    gate.see(11, Verdict::Healthy, 1, (100, 0));
    assert!(matches!(
        gate.state.cause(),
        Some(Cause::FailedWatched { .. })
    ));
}

#[test]
fn errors_over_stables_turn_it_back_and_a_few_do_not() {
    let mut gate = Gate::watched();
    gate.see(11, Verdict::Healthy, 0, (10, 4));
    assert!(gate.state.cause().is_none());
    gate.see(12, Verdict::Healthy, 0, (20, 8));
    assert!(matches!(
        gate.state.cause(),
        Some(Cause::AnsweredWorse { .. })
    ));
}

#[test]
fn the_commit_comes_after_the_watch_and_its_decision_is_journaled_first() {
    let mut gate = Gate::watched();
    gate.healthy(19);
    assert!(gate.asked().starts_with("route"));
    gate.healthy(20);
    assert_eq!(gate.asked(), "prepare");
    assert!(gate.state.is_reversible());
    let before = gate.effects.len();
    gate.done(21);
    assert!(
        matches!(&gate.effects[before], Effect::Decide { artifact: decided } if *decided == artifact('c'))
    );
    assert_eq!(gate.asked(), "commit");
    gate.tell(
        22,
        Event::Abort {
            by: "ada@lead".into(),
            why: None,
        },
    );
    assert!(gate.state.is_decided() && gate.state.cause().is_none());
}

#[test]
fn a_reply_to_an_effect_that_was_given_up_changes_nothing() {
    let mut gate = Gate::begin();
    let (old, _) = gate.last();
    gate.tell(
        1,
        Event::Abort {
            by: "ada@lead".into(),
            why: None,
        },
    );
    let before = gate.state.clone();
    gate.tell(
        2,
        Event::Reply {
            id: old,
            reply: done(),
        },
    );
    assert_eq!(gate.state, before);
}

#[test]
fn a_crash_between_two_looks_begins_the_proof_anew() {
    let mut gate = Gate::begin();
    gate.done(0);
    gate.see(1, Verdict::Healthy, 0, (0, 0));
    gate.see(4, Verdict::Healthy, 1, (0, 0));
    // It was healthy at each look, for five seconds by now, and crashed in between.
    gate.see(7, Verdict::Healthy, 1, (0, 0));
    assert!(matches!(gate.last().1, Action::Start { .. }));
    gate.see(9, Verdict::Healthy, 1, (0, 0));
    assert!(matches!(gate.last().1, Action::Route { .. }));
}
