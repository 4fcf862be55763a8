//! Canaries: weights, pauses, and a coordinator that dies in between.

use std::collections::BTreeMap;
use std::time::Duration;

use coordinator::{Answered, Attendance, Error, Progress, Resume, Verb, WhenPaused};
use rollout::Phase;

use crate::fake::Kill;
use crate::rig::{Rig, alive, canary, service};

/// What is routed, without repetitions.
fn routes(rig: &Rig) -> Vec<String> {
    let mut routes: Vec<String> = rig
        .deeds()
        .into_iter()
        .filter(|deed| deed.starts_with("route"))
        .collect();
    routes.dedup();
    routes
}

#[tokio::test(start_paused = true)]
async fn a_canary_left_at_its_pause_is_promoted_by_another_process() {
    let rig = Rig::serving(2).await;
    let first = rig.coordinator(crate::rig::dead());
    let planned = first.plan(canary('b')).await.unwrap();
    let mut ignore = |_: &Progress| {};
    let attendance = Attendance::new(&mut ignore).when_paused(WhenPaused::Leave);
    let left = first.run(planned, attendance).await.unwrap();
    assert_eq!((left.phase, left.finished), (Phase::Paused, false));
    assert!(left.cause.unwrap().contains("promot"));
    assert!(first.leases(None).await.unwrap().is_empty());

    // Nobody is there for longer than orphan_timeout, and the weights stay.
    tokio::time::sleep(Duration::from_secs(600)).await;
    let weights = rig.weights();
    assert_eq!(weights, vec![("b".to_owned(), 20); 2]);

    let foreseen = rig
        .coordinator(alive())
        .foresee(&service(), Verb::Promote)
        .await
        .unwrap();
    assert!(foreseen.does_something && foreseen.driver.is_none());
    assert!(foreseen.text.contains("50 %"), "{}", foreseen.text);
    let Answered::Drove(outcome) = rig.order(Verb::Promote).await.unwrap() else {
        panic!("nobody else drives")
    };
    assert_eq!((outcome.phase, outcome.finished), (Phase::Healthy, true));
    assert_eq!(rig.serving_now(), vec![("b".to_owned(), true); 2]);
    let receipt = outcome.receipt.unwrap();
    assert_eq!(receipt.failed, 0);
    assert!(receipt.none_failed());
    let promoted = receipt
        .verbs
        .iter()
        .find(|verb| verb.verb == "promote")
        .unwrap();
    assert_eq!(promoted.by.as_deref(), Some("grace@lead"));
    assert_eq!(promoted.why.as_deref(), Some("the test says so"));
}

#[tokio::test(start_paused = true)]
async fn a_promotion_to_the_end_skips_what_is_left() {
    let rig = Rig::serving(1).await;
    let first = rig.coordinator(crate::rig::dead());
    let planned = first.plan(canary('b')).await.unwrap();
    let mut ignore = |_: &Progress| {};
    let attendance = Attendance::new(&mut ignore).when_paused(WhenPaused::Leave);
    first.run(planned, attendance).await.unwrap();
    let Answered::Drove(outcome) = rig.order(Verb::PromoteFull).await.unwrap() else {
        panic!("nobody else drives")
    };
    assert_eq!(outcome.phase, Phase::Healthy);
    assert!(
        !routes(&rig).iter().any(|route| route.contains("=50")),
        "{:?}",
        routes(&rig)
    );
    // The same again finds nothing to do.
    let again = rig.order(Verb::PromoteFull).await;
    assert!(
        matches!(again, Err(Error::NothingUnfinished { .. })),
        "{again:?}"
    );
}

/// Kills a canary at its nth call, and has another process promote or resume it to its end.
async fn killed(kill: Kill) -> bool {
    let mut rig = Rig::serving(2).await;
    let request = canary('b');
    let fleet = rig.fleet.clone();
    fleet.lock().unwrap().kill = Some(kill);
    let died = {
        let first = rig.coordinator(crate::rig::dead());
        let mut ignore = |_: &Progress| {};
        let attendance = Attendance::new(&mut ignore).when_paused(WhenPaused::Leave);
        let killed = rig.killed();
        let run = async {
            let planned = first.plan(request).await?;
            first.run(planned, attendance).await
        };
        tokio::select! {
            _ = run => false,
            () = killed.notified() => true,
        }
    };
    fleet.lock().unwrap().kill = None;
    if !died {
        return false;
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    let mut promoted = 0;
    let outcome = loop {
        let env = Some(BTreeMap::new());
        let coordinator = rig.coordinator(alive());
        let mut ignore = |_: &Progress| {};
        let attendance = Attendance::new(&mut ignore).when_paused(WhenPaused::Leave);
        let resume = Resume { command: None, env };
        match coordinator.resume(&service(), resume, attendance).await {
            Ok(outcome) if outcome.phase == Phase::Paused && promoted < 2 => {
                promoted += 1;
                match rig.order(Verb::Promote).await.unwrap() {
                    Answered::Drove(outcome) if outcome.finished => break Some(*outcome),
                    _ => {}
                }
            }
            Ok(outcome) => break Some(outcome),
            Err(Error::NothingUnfinished { .. }) => break None,
            Err(error) => panic!("{kill:?}: {error}"),
        }
    };
    if let Some(outcome) = outcome {
        assert_eq!(
            (outcome.phase, outcome.finished),
            (Phase::Healthy, true),
            "{kill:?}: {outcome:?}"
        );
        assert_eq!(
            rig.serving_now(),
            vec![("b".to_owned(), true); 2],
            "{kill:?}"
        );
    }
    rig.shown.clear();
    true
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_call_a_canary_is_carried_through_by_others() {
    let mut n = 0;
    loop {
        n += 7;
        let reached = killed(Kill::Before(n)).await;
        killed(Kill::After(n + 3)).await;
        if !reached {
            break;
        }
    }
    assert!(n > 60, "a canary makes more than {n} calls");
}
