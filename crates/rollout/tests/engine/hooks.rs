//! Hooks at points of a rollout.

use rollout::{
    CanaryStep, Event, Hook, HookPoint, HookRun, HookSite, HostCount, OnFailure, Phase, Reply,
    RunOutcome, WaitFor,
};

use crate::request::{blue_green, canary, deploy, hot, instead, plan};
use crate::rig::{Rig, done};

pub(crate) fn webhook(point: HookPoint, name: &str) -> Hook {
    Hook {
        point,
        name: name.into(),
        run: HookRun::Webhook {
            url: format!("http://hooks.internal/{name}"),
        },
        timeout_ms: 10_000,
        on_failure: OnFailure::Abort,
    }
}

fn command(point: HookPoint, site: HookSite, on_failure: OnFailure) -> Hook {
    Hook {
        run: HookRun::Command {
            words: vec!["./check".into()],
            site,
        },
        on_failure,
        ..webhook(point, "check")
    }
}

fn rig(hooks: Vec<Hook>) -> Rig {
    let mut request = deploy(blue_green());
    request.hooks = hooks;
    Rig::begun(plan(&request, 2))
}

fn failed(exit: i32) -> Reply {
    Reply::Ran(RunOutcome::Finished {
        exit,
        output: "no".into(),
    })
}

#[test]
fn hooks_run_at_their_points() {
    let points = [
        HookPoint::ConfirmRollout,
        HookPoint::PreDeploy,
        HookPoint::PreRollout,
        HookPoint::ConfirmTrafficIncrease,
        HookPoint::ConfirmPromotion,
        HookPoint::PostDeploy,
        HookPoint::PostRollout,
        HookPoint::OnAbort,
    ];
    let mut rig = rig(points.map(|point| webhook(point, "it")).to_vec());
    assert_eq!(rig.run(), Phase::Healthy);
    let lines: Vec<_> = rig
        .log
        .iter()
        .filter(|line| !line.starts_with("h1") && !line.contains("drain"))
        .map(|line| {
            line.split(" shop")
                .next()
                .unwrap()
                .split(" to ")
                .next()
                .unwrap()
        })
        .collect();
    assert_eq!(
        lines,
        [
            "run hook 0",
            "run hook 1",
            "h0: start",
            "run hook 2",
            "run hook 3",
            "h0: route 100",
            "run hook 4",
            "h0: prepare",
            "decide for cccccccccccc",
            "h0: commit",
            "h0: keep",
            "run hook 5",
            "run hook 6",
            "halt",
        ]
    );
}

#[test]
fn a_hook_that_has_not_agreed_yet_is_waited_for() {
    let mut rig = rig(vec![webhook(HookPoint::ConfirmPromotion, "boss")]);
    rig.until("confirm-promotion-boss");
    rig.errands.push_back(Reply::Unknown {
        detail: "403".into(),
    });
    let (id, _) = rig.asked.back().unwrap().clone();
    rig.answer();
    assert_eq!(rig.state.phase(), Phase::Paused);
    let waiting = rig.state.waiting().unwrap().clone();
    assert!(matches!(waiting.what, WaitFor::Hook { name, .. } if name == "boss"));
    let lease = "h1: route 100 to cccccccccccc, 0 to aaaaaaaaaaaa (leased for 86400 s)";
    assert_eq!(rig.log.last().unwrap(), lease);
    rig.answer();
    assert!(rig.state.awaits(id), "it is still called");
    rig.tell(Event::Reply { id, reply: done() });
    assert_eq!(rig.run(), Phase::Healthy);
}

#[test]
fn a_hook_that_nobody_answers_gives_up_at_the_end_of_the_pause() {
    let mut rig = rig(vec![webhook(HookPoint::ConfirmPromotion, "boss")]);
    rig.until("confirm-promotion-boss");
    rig.errands.push_back(failed(1));
    rig.answer();
    rig.now += 86_400_000;
    rig.second();
    assert_eq!(
        rig.cause(),
        "it waited 86400 s (pause_max) for the hook boss to agree: it ended with exit code 1: no"
    );
    assert_eq!(rig.run(), Phase::Aborted);
}

#[test]
fn the_failure_of_a_hook_turns_around_or_is_told() {
    let check = |on_failure, expected| {
        let site = HookSite::Operator;
        let mut rig = rig(vec![command(HookPoint::PreRollout, site, on_failure)]);
        rig.until("pre-rollout-check");
        rig.errands.push_back(failed(3));
        assert_eq!(rig.run(), expected);
        rig
    };
    let given_up = check(OnFailure::Abort, Phase::Aborted);
    assert_eq!(
        given_up.cause(),
        "the pre-rollout hook check failed: it ended with exit code 3: no"
    );
    assert!(!given_up.log.iter().any(|line| line.starts_with("mark")));
    let told = check(OnFailure::Continue, Phase::Healthy);
    let notes: Vec<_> = told
        .state
        .seen()
        .iter()
        .flat_map(|seen| &seen.notes)
        .collect();
    assert_eq!(
        notes,
        ["the pre-rollout hook check failed: it ended with exit code 3: no"]
    );
}

#[test]
fn after_the_decision_and_on_the_way_back_a_hook_turns_nothing_around() {
    let site = HookSite::Operator;
    let mut late = rig(vec![command(HookPoint::PostDeploy, site, OnFailure::Abort)]);
    late.until("post-deploy-check");
    late.errands.push_back(failed(1));
    assert_eq!(late.run(), Phase::Healthy);
    let mut back = rig(vec![command(HookPoint::OnAbort, site, OnFailure::Abort)]);
    back.until("watch");
    back.tell(Event::Abort {
        by: "ada".into(),
        why: Some("no".into()),
    });
    back.until("on-abort-check");
    back.now += 11_000 + 600_000;
    back.asked.clear();
    assert_eq!(back.run(), Phase::Aborted);
    assert_eq!(back.cause(), "aborted by ada: no");
}

#[test]
fn a_hook_on_hosts_runs_where_it_is_wanted() {
    let check = |site, expected: &[&str]| {
        let mut rig = rig(vec![command(HookPoint::PreRollout, site, OnFailure::Abort)]);
        assert_eq!(rig.run(), Phase::Healthy);
        let lines = rig.log.iter().filter(|line| line.contains("hook"));
        assert_eq!(lines.collect::<Vec<_>>(), expected);
    };
    check(HookSite::EachHost, &["h0: run hook 0", "h1: run hook 0"]);
    check(HookSite::FirstHost, &["h0: run hook 0"]);
}

#[test]
fn a_hook_of_the_first_host_is_asked_of_the_next_one_where_that_was_set_aside() {
    let mut request = deploy(canary(vec![CanaryStep::SetWeight(20)]));
    request.tolerance.failure_budget = HostCount::Hosts(1);
    request.hooks = vec![command(
        HookPoint::ConfirmPromotion,
        HookSite::FirstHost,
        OnFailure::Abort,
    )];
    let mut rig = Rig::begun(plan(&request, 3));
    rig.until("watch");
    rig.host(0).restarts = 1;
    rig.until("confirm-promotion-check");
    assert_eq!(rig.state.aside().len(), 1);
    assert_eq!(rig.log.last().unwrap(), "h1: run hook 0");
    rig.reply(failed(1));
    assert_eq!(rig.state.phase(), Phase::Paused, "it does not agree yet");
    rig.replays();
}

#[test]
fn a_hook_whose_host_is_set_aside_while_it_is_asked_is_asked_of_another_one() {
    let mut request = deploy(canary(vec![CanaryStep::SetWeight(20)]));
    request.tolerance.failure_budget = HostCount::Hosts(1);
    request.hooks = vec![command(
        HookPoint::ConfirmPromotion,
        HookSite::FirstHost,
        OnFailure::Abort,
    )];
    let mut rig = Rig::begun(plan(&request, 3));
    rig.until("confirm-promotion-check");
    rig.host(0).restarts = 1;
    let from = rig.log.len();
    rig.wake_and_look();
    let asked = rig.asked_since(from);
    assert!(asked.contains(&"h1: run hook 0"), "{asked:?}");
    assert_eq!(rig.at(), "confirm-promotion-check");
    assert_eq!(rig.run(), Phase::Degraded);
    assert!(rig.state.is_decided());
}

#[test]
fn hooks_around_a_hot_upgrade_run_on_the_hosts_of_each_batch() {
    let points = [HookPoint::PreUpgrade, HookPoint::PostUpgrade];
    let mut request = deploy(hot(2));
    let hook = |point| command(point, HookSite::EachHost, OnFailure::Abort);
    request.hooks = points.map(hook).to_vec();
    let mut rig = Rig::begun(plan(&request, 2));
    assert_eq!(rig.run(), Phase::Healthy);
    let of_h1: Vec<_> = rig
        .log
        .iter()
        .filter(|line| line.starts_with("h1"))
        .collect();
    assert_eq!(
        of_h1[2..6],
        [
            "h1: run hook 0",
            "h1: hot upgrade: install shop.production-1",
            "h1: hot upgrade: verify shop.production-1",
            "h1: run hook 1",
        ]
    );
}

#[test]
fn an_abort_runs_its_hooks_where_stable_was_stopped_too() {
    let mut request = deploy(instead(1));
    request.hooks = vec![command(
        HookPoint::OnAbort,
        HookSite::EachHost,
        OnFailure::Abort,
    )];
    let mut rig = Rig::begun(plan(&request, 2));
    rig.until("vacate-1");
    rig.tell(Event::Abort {
        by: "ada".into(),
        why: None,
    });
    assert_eq!(rig.run(), Phase::Aborted);
    let hooks = rig.log.iter().filter(|line| line.contains("hook"));
    assert_eq!(hooks.collect::<Vec<_>>(), ["h0: run hook 0"]);
}
