//! What a person may want, and when.

use rollout::{CanaryStep, Event, Extent, Phase, WaitFor};

use crate::request::{blue_green, canary, deploy, plan};
use crate::rig::Rig;

fn by() -> String {
    "ada@lead".into()
}

fn promote(extent: Extent) -> Event {
    Event::Promote {
        by: by(),
        why: None,
        extent,
    }
}

fn pause() -> Event {
    Event::Pause {
        by: by(),
        why: Some("lunch".into()),
    }
}

fn carry_on() -> Event {
    Event::Continue {
        by: by(),
        why: None,
    }
}

fn paused_canary() -> Rig {
    let steps = vec![
        CanaryStep::SetWeight(20),
        CanaryStep::Pause { for_ms: None },
        CanaryStep::SetWeight(50),
        CanaryStep::Pause {
            for_ms: Some(60_000),
        },
    ];
    let mut rig = Rig::begun(plan(&deploy(canary(steps)), 2));
    rig.until("pause");
    rig.second();
    rig
}

#[test]
fn a_pause_leases_its_weights_for_as_long_as_it_may_last() {
    let mut rig = paused_canary();
    assert_eq!(rig.state.phase(), Phase::Paused);
    let lease = "h1: route 20 to cccccccccccc, 80 to aaaaaaaaaaaa (leased for 86400 s)";
    assert_eq!(rig.log.last().unwrap(), lease);
    assert_eq!(rig.state.awaited(), 0, "nobody needs to be attached");
    let left: Vec<_> = rig
        .state
        .leases(rollout::Tick::from_ms(rig.now + 86_000_000));
    let until = rig.state.waiting().unwrap().until.unwrap().ms();
    assert_eq!(left[0].ttl_ms, until - (rig.now + 86_000_000));
    rig.tell(promote(Extent::Next));
    assert_eq!(
        rig.state.leases(rollout::Tick::from_ms(rig.now))[0].ttl_ms,
        15_000
    );
    assert_eq!(rig.run(), Phase::Healthy);
}

#[test]
fn a_pause_that_nobody_ends_gives_up() {
    let mut rig = paused_canary();
    rig.now += 86_400_000;
    rig.second();
    assert_eq!(rig.cause(), "it waited 86400 s (pause_max) for a promotion");
    assert_eq!(rig.run(), Phase::Aborted);
    assert!(!rig.log.iter().any(|line| line.starts_with("mark")));
}

#[test]
fn promote_goes_to_the_next_step_and_twice_is_not_two_steps() {
    let mut rig = paused_canary();
    rig.tell(promote(Extent::Next));
    assert_eq!(rig.at(), "weight-50");
    rig.tell(promote(Extent::Next));
    assert_eq!(rig.at(), "weight-50");
    rig.until("pause-2");
    rig.second();
    rig.tell(promote(Extent::Next));
    assert_eq!(rig.at(), "weight-100", "a timed pause ends, too");
}

#[test]
fn promote_full_skips_all_but_health_and_the_commit() {
    let mut rig = paused_canary();
    let from = rig.log.len();
    rig.tell(promote(Extent::Full));
    rig.tell(promote(Extent::Full));
    assert_eq!(rig.run(), Phase::Healthy);
    let routes = rig.asked_since(from);
    let routes: Vec<_> = routes
        .iter()
        .filter(|line| line.starts_with("h0: route"))
        .collect();
    assert_eq!(
        routes,
        [&"h0: route 100 to cccccccccccc, 0 to aaaaaaaaaaaa (leased for 15 s)"]
    );
    assert!(rig.log.iter().any(|line| line == "h0: prepare"));
    let skipped = rig.state.seen().iter();
    let skipped = skipped.filter(|seen| seen.end == Some(rollout::StepEnd::Skipped));
    assert_eq!(skipped.count(), 3);
}

#[test]
fn a_person_pauses_before_the_next_step_and_lets_it_go_on() {
    let mut rig = Rig::begun(plan(&deploy(blue_green()), 1));
    rig.until("watch");
    rig.tell(pause());
    rig.tell(pause());
    rig.seconds(20);
    assert_eq!(rig.at(), "watch");
    let waiting = rig.state.waiting().unwrap();
    assert!(matches!(&waiting.what, WaitFor::Person { by, .. } if by == "ada@lead"));
    assert!(
        rig.log.last().unwrap().ends_with("(leased for 86400 s)"),
        "{:?}",
        rig.log
    );
    rig.tell(carry_on());
    assert_eq!(rig.at(), "commit");
    rig.tell(carry_on());
    assert_eq!(rig.run(), Phase::Healthy);
}

#[test]
fn verbs_in_the_wrong_place_change_nothing() {
    let check = |rig: &mut Rig, verbs: Vec<Event>| {
        for verb in verbs {
            let before = rig.state.clone();
            assert!(rig.tell(verb.clone()).is_empty());
            assert!(rig.state == before, "{verb:?}");
        }
    };
    let retry = Event::Retry {
        by: by(),
        why: None,
    };
    let abort = Event::Abort {
        by: by(),
        why: None,
    };
    let mut rig = Rig::new(plan(&deploy(blue_green()), 1));
    check(
        &mut rig,
        vec![promote(Extent::Full), pause(), carry_on(), retry.clone()],
    );
    rig.tell(Event::Begin);
    check(
        &mut rig,
        vec![
            Event::Begin,
            promote(Extent::Next),
            carry_on(),
            retry.clone(),
        ],
    );
    rig.until("drain");
    let late = vec![
        abort.clone(),
        promote(Extent::Full),
        pause(),
        carry_on(),
        retry.clone(),
    ];
    check(&mut rig, late.clone());
    assert_eq!(rig.run(), Phase::Healthy);
    check(&mut rig, late);
    let mut rig = Rig::new(plan(&deploy(blue_green()), 1));
    rig.tell(abort);
    assert_eq!(rig.state.phase(), Phase::Aborted);
}
