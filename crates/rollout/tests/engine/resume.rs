//! A coordinator dies, and another one takes over.

use rollout::{
    CanaryStep, CommandDecision, Event, Extent, Phase, ReleaseCommand, Reply, RunOutcome, Verdict,
};

use crate::request::{artifact, blue_green, canary, deploy, hot, plan, rolling};
use crate::rig::Rig;

#[test]
fn health_is_proven_anew_and_the_weights_are_set_again_without_being_undone() {
    let steps = vec![
        CanaryStep::SetWeight(20),
        CanaryStep::SetWeight(50),
        CanaryStep::Pause {
            for_ms: Some(60_000),
        },
    ];
    let mut rig = Rig::begun(plan(&deploy(canary(steps)), 1));
    rig.until("pause");
    rig.seconds(2);
    let from = rig.log.len();
    rig.take_over();
    assert_eq!(rig.at(), "start");
    assert_eq!(rig.state.leases(rollout::Tick::from_ms(rig.now)).len(), 1);
    rig.until("pause");
    assert_eq!(
        rig.asked_since(from),
        [
            "h0: start shop.production-2 with cccccccccccc",
            "h0: route 50 to cccccccccccc, 50 to aaaaaaaaaaaa (leased for 15 s)",
        ]
    );
    assert_eq!(rig.run(), Phase::Healthy);
}

#[test]
fn a_commit_rests_on_a_watch_after_the_take_over() {
    let mut rig = Rig::begun(plan(&deploy(blue_green()), 1));
    rig.until("commit");
    let from = rig.log.len();
    rig.take_over();
    rig.until("drain");
    assert_eq!(
        rig.asked_since(from)[..3],
        [
            "h0: start shop.production-2 with cccccccccccc",
            "h0: route 100 to cccccccccccc, 0 to aaaaaaaaaaaa (leased for 15 s)",
            "h0: prepare",
        ]
    );
}

#[test]
fn in_a_wait_all_stays_and_what_follows_begins_with_the_proof() {
    let steps = vec![
        CanaryStep::SetWeight(20),
        CanaryStep::Pause { for_ms: None },
    ];
    let mut rig = Rig::begun(plan(&deploy(canary(steps)), 1));
    rig.until("pause");
    rig.second();
    let from = rig.log.len();
    rig.take_over();
    rig.take_over();
    rig.seconds(3);
    assert_eq!(rig.at(), "pause");
    assert_eq!(rig.asked_since(from), [""; 0]);
    rig.tell(Event::Promote {
        by: "ada".into(),
        why: None,
        extent: Extent::Next,
    });
    assert_eq!(rig.at(), "start");
    assert_eq!(rig.run(), Phase::Healthy);
    assert_eq!(
        rig.asked_since(from)[..2],
        [
            "h0: start shop.production-2 with cccccccccccc",
            "h0: route 100 to cccccccccccc, 0 to aaaaaaaaaaaa (leased for 15 s)",
        ]
    );
}

#[test]
fn a_wait_that_ran_out_while_nobody_was_there_is_given_up() {
    let steps = vec![
        CanaryStep::SetWeight(20),
        CanaryStep::Pause { for_ms: None },
    ];
    let mut rig = Rig::begun(plan(&deploy(canary(steps)), 1));
    rig.until("pause");
    rig.second();
    rig.now += 100_000_000;
    rig.take_over();
    assert!(
        rig.cause().starts_with("it waited 86400 s"),
        "{}",
        rig.cause()
    );
}

#[test]
fn a_promotion_that_comes_with_the_take_over_is_not_lost() {
    let steps = vec![
        CanaryStep::SetWeight(20),
        CanaryStep::Pause { for_ms: None },
    ];
    let mut rig = Rig::begun(plan(&deploy(canary(steps)), 1));
    rig.until("pause");
    // The leases of the wait were never acknowledged.
    rig.take_over();
    assert_eq!(rig.at(), "start");
    rig.tell(Event::Promote {
        by: "ada".into(),
        why: None,
        extent: Extent::Next,
    });
    assert_eq!(rig.run(), Phase::Healthy);
}

#[test]
fn at_any_second_of_any_strategy_another_one_goes_on_to_the_end() {
    let steps = vec![
        CanaryStep::SetWeight(20),
        CanaryStep::Pause {
            for_ms: Some(5_000),
        },
        CanaryStep::SetWeight(50),
    ];
    for strategy in [blue_green(), canary(steps), rolling(2), hot(2)] {
        let plan = plan(&deploy(strategy), 3);
        for second in 0..90 {
            let mut rig = Rig::begun(plan.clone());
            rig.seconds(second);
            if rig.state.is_finished() {
                break;
            }
            rig.take_over();
            assert_eq!(
                rig.run(),
                Phase::Healthy,
                "{} at {second}",
                plan.strategy.word()
            );
        }
    }
}

#[test]
fn a_release_command_with_an_unknown_outcome_waits_for_a_person() {
    let mut request = deploy(blue_green());
    request.release_command = Some(ReleaseCommand {
        args: vec!["eval".into(), "Shop.Release.migrate()".into()],
        timeout_ms: 60_000,
    });
    let mut rig = Rig::begun(plan(&request, 2));
    rig.until("command");
    rig.reply(Reply::Ran(RunOutcome::Unknown));
    assert_eq!(rig.state.phase(), Phase::Paused);
    assert!(rig.state.is_halted());
    rig.tell(Event::Resumed { command: None });
    assert!(rig.state.is_halted());
    rig.tell(Event::Resumed {
        command: Some(CommandDecision::Again),
    });
    assert_eq!(rig.at(), "start");
    rig.until("command");
    assert_eq!(
        rig.log.last().unwrap(),
        "h0: run the release command (attempt 2)"
    );
    rig.reply(Reply::Ran(RunOutcome::Unknown));
    rig.tell(Event::Resumed {
        command: Some(CommandDecision::Done),
    });
    assert_eq!(rig.run(), Phase::Healthy);
    let runs = rig
        .log
        .iter()
        .filter(|line| line.contains("run the release command"));
    assert_eq!(runs.count(), 2);
}

#[test]
fn a_candidate_with_traffic_is_judged_also_while_its_health_is_proven_anew() {
    let steps = vec![CanaryStep::SetWeight(50)];
    let begun = || {
        let mut rig = Rig::begun(plan(&deploy(canary(steps.clone())), 1));
        rig.until("watch");
        rig.take_over();
        assert_eq!(rig.at(), "start");
        rig
    };
    let mut rig = begun();
    rig.host(0).verdict = Some(Verdict::Unhealthy);
    rig.seconds(3);
    assert!(
        rig.cause().contains("failed while it was watched"),
        "{}",
        rig.cause()
    );
    let mut rig = begun();
    rig.host(0).bad = 50;
    rig.seconds(2);
    assert!(rig.cause().contains("5xx"), "{}", rig.cause());
    // Where the lease ran out meanwhile nobody is served by it, and it may come up again.
    let mut rig = begun();
    rig.host(0).weights = [(artifact('a'), 100)].into();
    rig.host(0).verdict = Some(Verdict::Unhealthy);
    rig.seconds(10);
    rig.host(0).verdict = None;
    assert_eq!(rig.run(), Phase::Healthy);
}
