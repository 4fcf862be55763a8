//! Hosts that fail within the budget.

use rollout::{CanaryStep, Event, HostCount, Phase, Verdict};

use crate::request::{artifact, blue_green, canary, deploy, instead, plan, rolling};
use crate::rig::Rig;

fn rig(strategy: rollout::Strategy, hosts: usize, budget: u32) -> Rig {
    let mut request = deploy(strategy);
    request.tolerance.failure_budget = HostCount::Hosts(budget);
    Rig::begun(plan(&request, hosts))
}

#[test]
fn a_host_that_fails_is_set_aside_told_to_go_back_and_named_at_the_end() {
    let mut rig = rig(canary(vec![CanaryStep::SetWeight(5)]), 4, 1);
    rig.until("watch");
    let from = rig.log.len();
    rig.host(2).restarts = 1;
    rig.seconds(3);
    assert_eq!(
        rig.asked_since(from)[..4],
        [
            "set h2 aside: shop.production-2 on h2 failed while it was watched: it crashed: 503",
            "h2: route 0 to cccccccccccc, 100 to aaaaaaaaaaaa (final)",
            "h2: drain cccccccccccc",
            "h2: stop shop.production-2",
        ]
    );
    assert!(!rig.log.iter().any(|line| line.starts_with("mark")));
    let leases = rig.state.leases(rollout::Tick::from_ms(rig.now));
    assert_eq!(
        leases
            .iter()
            .filter(|lease| lease.host.as_str() == "h2")
            .count(),
        0
    );
    assert_eq!(rig.run(), Phase::Degraded);
    assert!(rig.state.is_finished() && rig.state.is_decided());
    assert!(
        rig.cause().starts_with("not brought to the end: h2 ("),
        "{}",
        rig.cause()
    );
}

#[test]
fn one_more_than_the_budget_gives_the_candidate_up() {
    let mut rig = rig(blue_green(), 4, 1);
    rig.until("watch");
    rig.host(2).verdict = Some(Verdict::Down);
    rig.host(3).verdict = Some(Verdict::Down);
    rig.second();
    assert_eq!(rig.state.aside().len(), 1);
    assert!(rig.cause().contains("on h3 failed"), "{}", rig.cause());
    assert!(rig.log.contains(&"mark cccccccccccc bad".to_owned()));
    rig.host(2).verdict = None;
    rig.host(3).verdict = None;
    assert_eq!(rig.run(), Phase::Aborted);
}

#[test]
fn none_is_put_up_with_before_the_first_host_has_passed() {
    let mut rig = rig(rolling(2), 5, 2);
    rig.until("watch-1");
    rig.host(0).verdict = Some(Verdict::Down);
    rig.second();
    assert!(rig.cause().contains("on h0 failed"), "{}", rig.cause());
}

#[test]
fn a_host_that_never_gets_healthy_does_not_hold_the_batch_up_for_ever() {
    let mut rig = rig(rolling(2), 5, 2);
    rig.until("start-2");
    rig.host(1).verdict = Some(Verdict::Unhealthy);
    assert_eq!(rig.run(), Phase::Degraded);
    let aside = rig.state.aside();
    assert_eq!(aside.len(), 1);
    assert!(
        aside[0].1.contains("was not healthy within 300 s"),
        "{}",
        aside[0].1
    );
}

#[test]
fn a_lost_host_is_set_aside_after_orphan_timeout_and_one_that_is_not_back_is_told_at_the_end() {
    let pause = CanaryStep::Pause {
        for_ms: Some(60_000),
    };
    let mut rig = rig(canary(vec![CanaryStep::SetWeight(5), pause]), 4, 1);
    rig.until("pause");
    rig.host(1).away = true;
    rig.seconds(17);
    assert_eq!(rig.state.aside().len(), 1);
    rig.tell(Event::Abort {
        by: "ada".into(),
        why: None,
    });
    // Nobody knows where its proxy stands: its lease runs out.
    assert_eq!(rig.run(), Phase::Degraded);
    assert!(rig.state.is_finished() && !rig.state.is_decided());
}

#[test]
fn all_hosts_but_one_may_never_be_set_aside() {
    let mut rig = rig(blue_green(), 2, 5);
    rig.until("watch");
    rig.host(0).verdict = Some(Verdict::Down);
    rig.host(1).verdict = Some(Verdict::Down);
    rig.second();
    assert!(rig.cause().contains("on h1 failed"), "{}", rig.cause());
}

#[test]
fn the_last_host_without_room_for_two_serves_stable_again_also_past_the_decision() {
    let mut rig = rig(instead(1), 3, 1);
    rig.until("start-3");
    rig.host(2).verdict = Some(Verdict::Unhealthy);
    while rig.state.aside().is_empty() {
        rig.second();
    }
    assert!(rig.state.is_decided());
    rig.host(2).verdict = None;
    assert_eq!(rig.run(), Phase::Degraded);
    let host = rig.host(2);
    assert_eq!(host.weights, [(artifact('a'), 100)].into());
    let names: Vec<_> = host.running.iter().map(|id| id.as_str()).collect();
    assert_eq!(names, ["shop.production-1"]);
    assert!(host.ready, "the balancer finds it again");
}

#[test]
fn a_host_that_was_set_aside_and_does_not_answer_holds_no_end_up() {
    let mut rig = rig(instead(1), 3, 1);
    rig.until("start-3");
    rig.host(2).away = true;
    assert_eq!(rig.run(), Phase::Degraded);
    assert!(rig.state.is_finished() && rig.state.is_decided());
    let lasted = rig.now;
    assert!(lasted < 600_000, "{lasted} ms");
}
