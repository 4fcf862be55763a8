//! A coordinator that dies at any call leaves a system that serves, and a rollout that another one ends.

use std::collections::BTreeMap;
use std::time::Duration;

use coordinator::{Error, Resume};
use rollout::Phase;

use crate::fake::Kill;
use crate::rig::{Rig, deploy};

fn known_env() -> Resume {
    Resume {
        command: None,
        env: Some(BTreeMap::new()),
    }
}

/// Kills a deploy at its nth call, waits, and lets `end` finish it; checks that all is well then.
async fn killed(kill: Kill, wait: Duration, aborts: bool) -> bool {
    let mut rig = Rig::serving(1).await;
    if !rig.run_killed(deploy('b'), kill).await {
        return false;
    }
    tokio::time::sleep(wait).await;
    rig.serving_now();
    let outcome = if aborts {
        match rig.abort().await {
            Err(Error::PastDecision { .. }) => rig.resume(known_env()).await,
            outcome => outcome,
        }
    } else {
        rig.resume(known_env()).await
    };
    let decided = rig.fleet.lock().unwrap().decided;
    match outcome {
        Ok(outcome) => {
            assert!(outcome.finished, "{kill:?}: {outcome:?}");
            let expected = if decided {
                Phase::Healthy
            } else {
                Phase::Aborted
            };
            assert_eq!(outcome.phase, expected, "{kill:?}: {outcome:?}");
            assert!(
                aborts || decided,
                "{kill:?}: a resume went back: {outcome:?}"
            );
        }
        // It died before it began, or after it had ended.
        Err(Error::NothingUnfinished { .. }) => {}
        Err(error) => panic!("{kill:?}: {error}"),
    }
    let serving = if decided { "b" } else { "a" };
    assert_eq!(rig.serving_now(), [(serving.to_owned(), true)], "{kill:?}");
    true
}

async fn at_every_call(wait: Duration, aborts: bool) {
    let mut n = 0;
    loop {
        n += 3;
        let reached = killed(Kill::Before(n), wait, aborts).await;
        killed(Kill::After(n + 1), wait, aborts).await;
        if !reached {
            break;
        }
    }
    assert!(n > 60, "a deploy makes more than {n} calls");
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_call_and_resumed_at_once_it_is_carried_through() {
    at_every_call(Duration::from_millis(100), false).await;
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_call_and_resumed_after_the_proxies_gave_up_it_is_carried_through() {
    at_every_call(Duration::from_secs(60), false).await;
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_call_and_aborted_it_is_turned_back_unless_it_was_decided() {
    at_every_call(Duration::from_millis(100), true).await;
}

#[tokio::test(start_paused = true)]
async fn proxies_return_to_stable_by_themselves_when_the_coordinator_is_gone() {
    let mut rig = Rig::serving(2).await;
    let mut n = 0;
    loop {
        n += 1;
        assert!(rig.run_killed(deploy('b'), Kill::After(n)).await);
        let all_switched = rig.serving_now().iter().all(|(serving, _)| serving == "b");
        let last = rig.deeds().last().cloned().unwrap_or_default();
        if all_switched && last.starts_with("route") {
            break;
        }
        rig = Rig::serving(2).await;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(rig.serving_now(), vec![("a".to_owned(), true); 2]);
    assert_eq!(rig.resume(known_env()).await.unwrap().phase, Phase::Healthy);
    assert_eq!(rig.serving_now(), vec![("b".to_owned(), true); 2]);
}

#[tokio::test(start_paused = true)]
async fn a_new_deploy_is_refused_until_the_killed_one_is_ended() {
    let mut rig = Rig::serving(1).await;
    assert!(rig.run_killed(deploy('b'), Kill::After(40)).await);
    let Err(Error::Unfinished { rollout, .. }) = rig.run(deploy('c')).await else {
        panic!()
    };
    assert_eq!(rollout, "shop.production.2");
    rig.abort().await.unwrap();
    assert_eq!(rig.run(deploy('c')).await.unwrap().phase, Phase::Healthy);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_was_never_started_needs_its_environment_known() {
    let mut rig = Rig::serving(1).await;
    let mut n = 0;
    // Dies with the rollout in the ledger and nothing started.
    while rig
        .coordinator(crate::rig::alive())
        .service(&crate::rig::service())
        .await
        .unwrap()
        .unfinished
        .is_none()
    {
        n += 1;
        rig = Rig::serving(1).await;
        assert!(rig.run_killed(deploy('b'), Kill::After(n)).await);
    }
    let outcome = rig.resume(Resume::default()).await.unwrap();
    assert_eq!(outcome.phase, Phase::Aborted);
    assert!(
        outcome
            .cause
            .unwrap()
            .contains("does not know its environment")
    );
}
