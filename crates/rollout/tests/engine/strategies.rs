//! Each strategy from its plan to its end.

use rollout::{
    BlueGreen, CanaryStep, HookPoint, HostCount, HotVerdict, LeftOut, Pause, Phase, PlanError,
    Purpose, ReleaseCommand, Strategy, Tolerance, compute,
};

use crate::hooks::webhook;
use crate::request::{
    artifact, blue_green, canary, deploy, empty, fleet, hot, instead, jobs, listed, plan, rolling,
    serving,
};
use crate::rig::Rig;

fn names(rig: &Rig) -> Vec<String> {
    let step = |seen: &rollout::StepSeen| rig.state.step_of(seen.step).unwrap().name.clone();
    rig.state.seen().iter().map(step).collect()
}

#[test]
fn blue_green_switches_all_at_once() {
    let mut request = deploy(blue_green());
    request.background = jobs();
    let plan = plan(&request, 2);
    let steps = [
        "start [0, 1]",
        "quiesce [0, 1]",
        "activate [0, 1]",
        "weight-100 [0, 1]",
        "watch [0, 1]",
        "commit [0, 1]",
        "drain [0, 1]",
        "keep [0, 1]",
        "settle [0, 1]",
    ];
    assert_eq!(listed(&plan), steps);
    let mut rig = Rig::begun(plan);
    assert_eq!(rig.run(), Phase::Healthy);
    assert_eq!(
        rig.asked_since(0),
        [
            "h0: start shop.production-2 with cccccccccccc",
            "h1: start shop.production-2 with cccccccccccc",
            "h0: quiesce shop.production-1",
            "h1: quiesce shop.production-1",
            "h0: activate shop.production-2",
            "h1: activate shop.production-2",
            "h0: route 100 to cccccccccccc, 0 to aaaaaaaaaaaa (leased for 15 s)",
            "h1: route 100 to cccccccccccc, 0 to aaaaaaaaaaaa (leased for 15 s)",
            "h0: prepare",
            "h1: prepare",
            "decide for cccccccccccc",
            "h0: commit",
            "h1: commit",
            "h0: drain aaaaaaaaaaaa",
            "h1: drain aaaaaaaaaaaa",
            "h0: keep shop.production-1 warm for 600 s",
            "h1: keep shop.production-1 warm for 600 s",
            "halt",
        ]
    );
}

#[test]
fn blue_green_shows_the_candidate_to_testers_and_waits_for_a_person() {
    let mut request = deploy(Strategy::BlueGreen(BlueGreen {
        pause: Some(Pause { for_ms: None }),
        ..BlueGreen::PLAIN
    }));
    request.preview = true;
    let mut rig = Rig::begun(plan(&request, 1));
    rig.until("pause");
    rig.second();
    assert_eq!(
        rig.asked_since(1),
        [
            "h0: route 0 to cccccccccccc, 100 to aaaaaaaaaaaa, testers to cccccccccccc (leased for 15 s)",
            "h0: route 0 to cccccccccccc, 100 to aaaaaaaaaaaa, testers to cccccccccccc (leased for 86400 s)",
        ]
    );
    assert_eq!(rig.state.phase(), Phase::Paused);
}

#[test]
fn a_canary_grows_by_its_steps() {
    let steps = vec![
        CanaryStep::SetWeight(5),
        CanaryStep::Pause {
            for_ms: Some(30_000),
        },
        CanaryStep::SetWeight(50),
        CanaryStep::Pause {
            for_ms: Some(30_000),
        },
    ];
    let plan = plan(&deploy(canary(steps)), 2);
    let mut rig = Rig::begun(plan);
    assert_eq!(rig.run(), Phase::Healthy);
    let expected = [
        "start",
        "weight-5",
        "pause",
        "weight-50",
        "pause-2",
        "weight-100",
        "watch",
        "commit",
        "drain",
        "keep",
        "settle",
    ];
    assert_eq!(names(&rig), expected);
    let routes: Vec<_> = rig
        .log
        .iter()
        .filter(|line| line.starts_with("h1: route"))
        .collect();
    assert_eq!(
        routes,
        [
            "h1: route 5 to cccccccccccc, 95 to aaaaaaaaaaaa (leased for 15 s)",
            "h1: route 50 to cccccccccccc, 50 to aaaaaaaaaaaa (leased for 15 s)",
            "h1: route 100 to cccccccccccc, 0 to aaaaaaaaaaaa (leased for 15 s)",
        ]
    );
}

#[test]
fn rolling_goes_in_batches_and_one_host_gates_the_rest() {
    let plan = plan(&deploy(rolling(2)), 4);
    assert_eq!(
        listed(&plan),
        [
            "start-1 [0]",
            "weight-100-1 [0]",
            "watch-1 [0]",
            "commit-1 [0]",
            "drain-1 [0]",
            "keep-1 [0]",
            "start-2 [1, 2]",
            "weight-100-2 [1, 2]",
            "watch-2 [1, 2]",
            "commit-2 [1, 2]",
            "drain-2 [1, 2]",
            "keep-2 [1, 2]",
            "start-3 [3]",
            "weight-100-3 [3]",
            "watch-3 [3]",
            "commit-3 [3]",
            "drain-3 [3]",
            "keep-3 [3]",
            "settle [0, 1, 2, 3]",
        ]
    );
    let mut rig = Rig::begun(plan);
    rig.until("start-3");
    assert!(!rig.state.is_decided() && rig.state.is_reversible());
    assert_eq!(rig.run(), Phase::Healthy);
    let decided = rig
        .log
        .iter()
        .position(|line| line.starts_with("decide"))
        .unwrap();
    assert_eq!(rig.log[decided + 1], "h3: commit");
}

#[test]
fn without_room_for_two_a_host_leaves_the_balancer_first() {
    let mut request = deploy(instead(1));
    request.tolerance.min_available = HostCount::Hosts(1);
    let mut rig = Rig::begun(plan(&request, 2));
    assert_eq!(rig.run(), Phase::Healthy);
    let of_h1: Vec<_> = rig
        .log
        .iter()
        .filter_map(|line| line.strip_prefix("h1: "))
        .collect();
    assert_eq!(
        of_h1,
        [
            "fail the readiness path",
            "drain aaaaaaaaaaaa",
            "stop shop.production-1",
            "start shop.production-2 with cccccccccccc",
            "route 100 to cccccccccccc (final)",
            "pass the readiness path",
        ]
    );
    let refused = compute(&request, &fleet(1), &[], None).unwrap_err();
    assert!(
        matches!(refused, PlanError::BreaksMinAvailable { left: 0, .. }),
        "{refused}"
    );
    request.tolerance.min_available = HostCount::Percent(100);
    assert!(compute(&request, &fleet(2), &[], None).is_err());
}

#[test]
fn hot_changes_the_code_of_running_instances() {
    let mut rig = Rig::begun(plan(&deploy(hot(8)), 3));
    assert_eq!(rig.run(), Phase::Healthy);
    let of_h2: Vec<_> = rig
        .log
        .iter()
        .filter_map(|line| line.strip_prefix("h2: "))
        .collect();
    assert_eq!(
        of_h2,
        [
            "hot upgrade: probe shop.production-1",
            "hot upgrade: unpack shop.production-1",
            "hot upgrade: install shop.production-1",
            "hot upgrade: verify shop.production-1",
            "hot upgrade: commit shop.production-1",
        ]
    );
    let decided = rig
        .log
        .iter()
        .position(|line| line.starts_with("decide"))
        .unwrap();
    assert_eq!(
        rig.log[decided + 1],
        "h1: hot upgrade: commit shop.production-1"
    );
}

#[test]
fn hot_is_refused_with_the_reasons_and_auto_falls_back_with_them() {
    let unsafe_pair = HotVerdict {
        safe: false,
        reasons: vec!["Erlang/OTP changed".into()],
    };
    let mut request = deploy(hot(1));
    request.verdict = Some(unsafe_pair.clone());
    let refused = compute(&request, &fleet(1), &[], None).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "aaaaaaaaaaaa cannot be upgraded hot to cccccccccccc: Erlang/OTP changed"
    );
    let Strategy::Hot(settings) = hot(1) else {
        unreachable!()
    };
    let auto = Strategy::Auto {
        hot: settings,
        fallback: Box::new(rolling(1)),
    };
    let choice = |verdict: Option<HotVerdict>, facts: &[rollout::HostFacts]| {
        let request = rollout::Request {
            verdict,
            ..deploy(auto.clone())
        };
        let plan = compute(&request, facts, &[], None).unwrap();
        (plan.strategy.word(), plan.auto.unwrap().reasons.join(", "))
    };
    let safe = deploy(blue_green()).verdict;
    let told = |word, reasons: &str| (word, reasons.to_owned());
    assert_eq!(
        choice(safe.clone(), &fleet(1)),
        told("hot", "3 modules changed, all covered")
    );
    assert_eq!(
        choice(Some(unsafe_pair), &fleet(1)),
        told("rolling", "Erlang/OTP changed")
    );
    assert_eq!(
        choice(None, &fleet(1)),
        told("rolling", "no comparison of the two releases was made")
    );
    assert_eq!(
        choice(safe, &[serving("h0"), empty("h1")]),
        told("rolling", "nothing serves on h1 yet")
    );
}

#[test]
fn a_first_version_is_brought_in_by_every_strategy() {
    for strategy in [
        blue_green(),
        canary(vec![CanaryStep::SetWeight(5)]),
        rolling(1),
        hot(1),
    ] {
        let word = strategy.word();
        let hosts = [empty("h0"), empty("h1")];
        let plan = compute(&deploy(strategy), &hosts, &[], None).unwrap();
        let mut rig = Rig::begun(plan);
        assert_eq!(rig.run(), Phase::Healthy, "{word}: {:#?}", rig.log);
        let told = "h1: route 100 to cccccccccccc (final)".to_owned();
        assert!(rig.log.contains(&told), "{word}: {:#?}", rig.log);
    }
}

#[test]
fn a_rollback_asks_nobody_and_watches_nothing() {
    for strategy in [
        Strategy::BlueGreen(BlueGreen {
            pause: Some(Pause { for_ms: None }),
            ..BlueGreen::PLAIN
        }),
        canary(vec![
            CanaryStep::SetWeight(5),
            CanaryStep::Pause { for_ms: None },
        ]),
        rolling(1),
        hot(1),
    ] {
        let word = strategy.word();
        let mut request = deploy(strategy);
        request.purpose = Purpose::Rollback;
        request.hooks = vec![webhook(HookPoint::ConfirmPromotion, "boss")];
        request.release_command = Some(ReleaseCommand {
            args: vec!["eval".into()],
            timeout_ms: 1,
        });
        let mut rig = Rig::begun(plan(&request, 2));
        assert_eq!(rig.run(), Phase::RolledBack, "{word}: {:#?}", rig.log);
        let marked = "mark aaaaaaaaaaaa bad".to_owned();
        assert!(rig.log.contains(&marked), "{word}: {:#?}", rig.log);
        assert!(
            !rig.log.iter().any(|line| line.contains("run ")),
            "{word}: {:#?}",
            rig.log
        );
    }
}

#[test]
fn after_hosts_were_left_behind_only_they_are_brought_up() {
    let mut up_to_date = serving("h1");
    let route = up_to_date.route.as_mut().unwrap();
    let instances = route.versions.remove(&artifact('a')).unwrap();
    route.versions.insert(artifact('c'), instances);
    up_to_date.instances[0].artifact = artifact('c');
    let hosts = [serving("h0"), up_to_date.clone()];
    let plan = compute(&deploy(rolling(1)), &hosts, &[], None).unwrap();
    assert_eq!(plan.hosts.len(), 1);
    assert_eq!(
        plan.left_out,
        [LeftOut::UpToDate {
            host: up_to_date.host.clone()
        }]
    );
    let refused = compute(&deploy(rolling(1)), &[up_to_date], &[], None).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("serves shop.production already")
    );
}

#[test]
fn hosts_that_do_not_answer_are_left_out_within_the_budget() {
    let mut request = deploy(rolling(1));
    let away = rollout::HostId::parse("h9").unwrap();
    request.unreachable = vec![(away, "timed out".into())];
    let refused = compute(&request, &fleet(3), &[], None).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "1 of the hosts do not answer, and failure_budget puts up with 0: h9 (timed out)"
    );
    request.tolerance = Tolerance {
        failure_budget: HostCount::Percent(25),
        ..Tolerance::USUAL
    };
    let plan = compute(&request, &fleet(3), &[], None).unwrap();
    assert_eq!(
        plan.left_out[0].to_string(),
        "h9 does not answer: timed out"
    );
}
