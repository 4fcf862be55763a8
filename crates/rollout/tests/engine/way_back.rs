//! The way back, from each strategy.

use rollout::{
    CanaryStep, Event, HostCount, Observation, Phase, ReleaseCommand, Reply, RouteSeen, Tick,
    TrafficSeen, Verdict,
};

use crate::request::{artifact, blue_green, canary, deploy, hot, instead, jobs, plan, rolling};
use crate::rig::Rig;

pub(crate) fn abort() -> Event {
    Event::Abort {
        by: "ada".into(),
        why: None,
    }
}

#[test]
fn background_work_goes_back_before_the_traffic() {
    let mut request = deploy(blue_green());
    request.background = jobs();
    let mut rig = Rig::begun(plan(&request, 1));
    rig.until("watch");
    let from = rig.log.len();
    rig.tell(abort());
    assert_eq!(rig.run(), Phase::Aborted);
    assert_eq!(
        rig.asked_since(from),
        [
            "h0: quiesce shop.production-2",
            "h0: activate shop.production-1",
            "h0: route 0 to cccccccccccc, 100 to aaaaaaaaaaaa (final)",
            "h0: drain cccccccccccc",
            "h0: stop shop.production-2",
            "halt",
        ]
    );
}

#[test]
fn only_what_was_touched_is_taken_back() {
    let steps = vec![CanaryStep::SetWeight(5)];
    let mut rig = Rig::begun(plan(&deploy(canary(steps)), 2));
    rig.tell(abort());
    let names: Vec<_> = rig
        .state
        .way_back()
        .iter()
        .map(|step| step.name.as_str())
        .collect();
    assert_eq!(names, ["stop-back"]);
    assert_eq!(rig.run(), Phase::Aborted);
}

#[test]
fn hosts_of_earlier_batches_start_stable_again_and_the_leased_ones_do_not_wait_for_that() {
    let mut request = deploy(rolling(1));
    request.timing.rollback_window_ms = 0;
    let mut rig = Rig::begun(plan(&request, 3));
    rig.until("watch-2");
    let from = rig.log.len();
    rig.tell(abort());
    assert_eq!(rig.run(), Phase::Aborted);
    assert_eq!(
        rig.asked_since(from),
        [
            "h1: route 0 to cccccccccccc, 100 to aaaaaaaaaaaa (final)",
            "h1: drain cccccccccccc",
            "h1: stop shop.production-2",
            "h0: start shop.production-1 with aaaaaaaaaaaa",
            "h0: route 0 to cccccccccccc, 100 to aaaaaaaaaaaa (final)",
            "h0: drain cccccccccccc",
            "h0: stop shop.production-2",
            "halt",
        ]
    );
}

#[test]
fn without_room_for_two_the_batches_go_back_one_by_one() {
    let mut request = deploy(instead(1));
    request.tolerance.min_available = HostCount::Hosts(2);
    let mut rig = Rig::begun(plan(&request, 3));
    rig.until("watch-2");
    let from = rig.log.len();
    rig.tell(abort());
    assert_eq!(rig.run(), Phase::Aborted);
    let one = |host: &str| {
        [
            "fail the readiness path",
            "drain cccccccccccc",
            "stop shop.production-2",
            "start shop.production-1 with aaaaaaaaaaaa",
            "route 100 to aaaaaaaaaaaa (final)",
            "pass the readiness path",
        ]
        .map(|line| format!("{host}: {line}"))
    };
    let mut expected = one("h1").to_vec();
    expected.extend(one("h0"));
    expected.push("halt".into());
    assert_eq!(rig.asked_since(from), expected);
}

#[test]
fn hot_brings_the_old_code_back_where_it_was_changed() {
    let mut rig = Rig::begun(plan(&deploy(hot(1)), 3));
    rig.until("verify-2");
    let from = rig.log.len();
    rig.tell(abort());
    assert_eq!(rig.run(), Phase::Aborted);
    assert_eq!(
        rig.asked_since(from),
        [
            "h0: hot downgrade of shop.production-1",
            "h1: hot downgrade of shop.production-1",
            "halt",
        ]
    );
}

#[test]
fn a_hot_upgrade_whose_node_fails_goes_back_and_is_marked() {
    let mut rig = Rig::begun(plan(&deploy(hot(1)), 1));
    rig.until("watch-1");
    rig.host(0).restarts = 1;
    rig.second();
    assert_eq!(
        rig.cause(),
        "shop.production-1 on h0 failed while it was watched: it crashed: 503"
    );
    assert!(rig.log.contains(&"mark cccccccccccc bad".to_owned()));
    rig.host(0).restarts = 0;
    assert_eq!(rig.run(), Phase::Aborted);
}

#[test]
fn a_release_command_under_way_is_waited_for_first() {
    let mut request = deploy(blue_green());
    request.release_command = Some(ReleaseCommand {
        args: vec!["eval".into()],
        timeout_ms: 60_000,
    });
    let mut rig = Rig::begun(plan(&request, 1));
    rig.until("command");
    let from = rig.log.len();
    rig.tell(abort());
    assert_eq!(rig.run(), Phase::Aborted);
    assert_eq!(
        rig.asked_since(from)[0],
        "h0: wait for the end of the release command (attempt 1)"
    );
    assert!(rig.state.command_end().is_some());
}

#[test]
fn a_route_that_reached_the_proxy_late_is_taken_back_again() {
    let mut rig = Rig::begun(plan(&deploy(blue_green()), 2));
    rig.until("watch");
    rig.tell(abort());
    rig.until("drain-back");
    let candidate = artifact('c');
    let seen = Observation {
        began: Tick::from_ms(rig.now + 10),
        instances: Default::default(),
        route: Some(RouteSeen {
            weights: [(candidate, 100)].into(),
            reverted: false,
        }),
        traffic: TrafficSeen::default(),
    };
    let from = rig.log.len();
    rig.now += 10;
    let host = rollout::HostId::parse("h1").unwrap();
    rig.tell(Event::Observed { host, seen });
    assert_eq!(rig.at(), "route-back");
    assert_eq!(
        rig.asked_since(from),
        ["h1: route 0 to cccccccccccc, 100 to aaaaaaaaaaaa (final)"]
    );
    assert_eq!(rig.run(), Phase::Aborted);
}

#[test]
fn a_host_that_does_not_answer_on_the_way_back_is_named_at_its_end() {
    let mut rig = Rig::begun(plan(&deploy(blue_green()), 2));
    rig.until("watch");
    rig.host(1).away = true;
    rig.tell(abort());
    assert_eq!(rig.run(), Phase::Degraded);
    assert!(rig.state.is_finished() && !rig.state.is_decided());
    let behind = rig.state.hosts_behind();
    assert_eq!(behind.len(), 1);
    assert_eq!(behind[0].0.as_str(), "h1");
    assert_eq!(rig.host(0).running.len(), 1, "its candidate was stopped");
    let leases = rig.state.leases(Tick::from_ms(rig.now));
    assert!(leases.is_empty(), "its proxy returns by itself");
}

#[test]
fn who_was_left_behind_takes_part_in_no_later_step_after_a_take_over_either() {
    let mut rig = Rig::begun(plan(&deploy(blue_green()), 2));
    rig.until("watch");
    rig.host(1).away = true;
    rig.tell(abort());
    rig.until("drain-back");
    rig.host(1).away = false;
    let from = rig.log.len();
    rig.take_over();
    assert_eq!(rig.run(), Phase::Degraded);
    let asked = rig.asked_since(from);
    // Its traffic was never taken back: what runs there stays.
    assert!(
        asked.iter().all(|line| !line.starts_with("h1")),
        "{asked:?}"
    );
}

#[test]
fn without_room_for_two_nobody_leaves_on_the_way_back_where_too_few_would_serve() {
    let mut request = deploy(instead(1));
    request.tolerance.min_available = HostCount::Hosts(2);
    let mut rig = Rig::begun(plan(&request, 3));
    rig.until("watch-2");
    // Neither version gets healthy there any more.
    rig.host(1).verdict = Some(Verdict::Unhealthy);
    assert_eq!(rig.run(), Phase::Degraded);
    assert!(rig.state.is_finished());
    let behind: Vec<_> = rig.state.hosts_behind();
    let names: Vec<_> = behind.iter().map(|(host, _)| host.as_str()).collect();
    assert_eq!(names, ["h0", "h1"]);
    assert!(behind[0].1.contains("min_available"), "{}", behind[0].1);
    assert!(rig.host(0).ready);
    assert_eq!(rig.host(0).weights, [(artifact('c'), 100)].into());
}

#[test]
fn a_lease_that_ran_out_and_a_sick_candidate_turn_back() {
    let mut rig = Rig::begun(plan(&deploy(blue_green()), 1));
    rig.until("watch");
    rig.host(0).reverted = true;
    rig.second();
    assert!(
        rig.cause().contains("returned to stable by itself"),
        "{}",
        rig.cause()
    );
    let mut rig = Rig::begun(plan(&deploy(blue_green()), 1));
    rig.until("watch");
    rig.host(0).verdict = Some(Verdict::Unhealthy);
    rig.seconds(2);
    assert_eq!(rig.cause(), "");
    rig.second();
    assert!(
        rig.cause().contains("failed while it was watched"),
        "{}",
        rig.cause()
    );
}

#[test]
fn a_dead_host_does_not_keep_the_others_from_their_way_back() {
    let mut request = deploy(rolling(1));
    request.timing.rollback_window_ms = 0;
    let mut rig = Rig::begun(plan(&request, 4));
    rig.until("watch-4");
    rig.host(1).away = true;
    rig.tell(abort());
    assert_eq!(rig.run(), Phase::Degraded);
    assert!(rig.state.is_finished());
    let behind: Vec<_> = rig.state.hosts_behind();
    assert_eq!(behind.len(), 1);
    assert_eq!(behind[0].0.as_str(), "h1");
    for host in [0, 2, 3] {
        let fake = rig.host(host);
        assert_eq!(fake.weights, [(artifact('a'), 100)].into(), "h{host}");
        assert_eq!(fake.running.len(), 1, "h{host}");
    }
}

#[test]
fn background_work_on_a_dead_host_holds_no_traffic_up() {
    let mut request = deploy(blue_green());
    request.background = jobs();
    let mut rig = Rig::begun(plan(&request, 2));
    rig.until("watch");
    rig.host(1).away = true;
    let began = rig.now;
    rig.tell(abort());
    while rig.host(0).weights != [(artifact('a'), 100)].into() {
        rig.second();
    }
    let took = rig.now - began;
    assert!(took < 60_000, "stable was back after {took} ms");
}

#[test]
fn a_host_that_keeps_the_candidate_for_good_says_what_to_do() {
    let mut rig = Rig::begun(plan(&deploy(rolling(1)), 3));
    rig.until("watch-3");
    rig.host(1).away = true;
    rig.tell(abort());
    assert_eq!(rig.run(), Phase::Degraded);
    let (_, why) = &rig.state.hosts_behind()[0];
    assert!(
        why.ends_with(
            "it keeps cccccccccccc until it is told: deploy aaaaaaaaaaaa once it answers"
        ),
        "{why}"
    );
}

#[test]
fn a_host_that_cannot_leave_its_balancer_has_nothing_to_come_back_from() {
    let mut rig = Rig::begun(plan(&deploy(instead(1)), 3));
    rig.until("leave-1");
    rig.reply(Reply::Refused {
        detail: "it has no readiness path".into(),
    });
    assert!(rig.state.way_back().is_empty());
    assert_eq!(rig.run(), Phase::Aborted);
}

#[test]
fn who_was_told_to_leave_and_is_silent_counts_as_gone_on_the_way_back() {
    let mut request = deploy(instead(1));
    request.tolerance.min_available = HostCount::Hosts(1);
    let mut rig = Rig::begun(plan(&request, 2));
    rig.until("drain-2");
    // It may run on, without traffic: then the other one is all there is.
    rig.host(1).away = true;
    rig.tell(abort());
    assert_eq!(rig.run(), Phase::Degraded);
    assert!(rig.host(0).ready);
    assert_eq!(rig.host(0).weights, [(artifact('c'), 100)].into());
    let behind: Vec<_> = rig.state.hosts_behind();
    let names: Vec<_> = behind.iter().map(|(host, _)| host.as_str()).collect();
    assert_eq!(names, ["h0", "h1"]);
    assert!(behind[0].1.contains("min_available"), "{}", behind[0].1);
}

#[test]
fn who_is_told_to_leave_while_it_is_silent_may_hear_it_and_counts_as_gone() {
    let mut request = deploy(instead(1));
    request.tolerance.min_available = HostCount::Hosts(1);
    let mut rig = Rig::begun(plan(&request, 2));
    rig.until("vacate-2");
    rig.host(0).away = true;
    rig.host(1).away = true;
    rig.second();
    let from = rig.log.len();
    rig.tell(abort());
    assert_eq!(rig.run(), Phase::Degraded);
    let leave = "h0: fail the readiness path";
    assert!(!rig.asked_since(from).contains(&leave), "{:#?}", rig.log);
}

#[test]
fn only_who_is_still_waited_for_is_behind_at_a_halt() {
    let mut rig = Rig::begun(plan(&deploy(blue_green()), 3));
    rig.until("keep");
    rig.host(1).away = true;
    while !rig.state.is_halted() {
        // Of another one a single look fails, just before nobody looks any more.
        let host = rollout::HostId::parse("h2").unwrap();
        let detail = "no answer".into();
        rig.tell(Event::Lost { host, detail });
        rig.answer();
        rig.wake_and_look();
    }
    let behind = rig.state.hosts_behind();
    let names: Vec<_> = behind.iter().map(|(host, _)| host.as_str()).collect();
    assert_eq!(names, ["h1"]);
}
