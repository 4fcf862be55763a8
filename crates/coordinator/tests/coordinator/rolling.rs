//! Batches of hosts, one after the other.

use std::collections::BTreeMap;
use std::time::Duration;

use coordinator::{Error, Resume};
use rollout::{HostCount, Phase, Rolling, Strategy, Surge, Tolerance};

use crate::fake::Kill;
use crate::rig::{Rig, rolling};

fn known_env() -> Resume {
    Resume {
        command: None,
        env: Some(BTreeMap::new()),
    }
}

#[tokio::test(start_paused = true)]
async fn batches_follow_the_first_host_and_never_exceed_what_goes_at_once() {
    let mut rig = Rig::serving(5).await;
    let outcome = rig.run(rolling('b', 2)).await.unwrap();
    assert_eq!((outcome.phase, outcome.finished), (Phase::Healthy, true));
    assert_eq!(rig.serving_now(), vec![("b".to_owned(), true); 5]);
    let starts: Vec<usize> = rig
        .deeds()
        .iter()
        .enumerate()
        .filter(|(_, deed)| deed.starts_with("start"))
        .map(|(place, _)| place)
        .collect();
    let commits: Vec<usize> = rig
        .deeds()
        .iter()
        .enumerate()
        .filter(|(_, deed)| *deed == "commit")
        .map(|(place, _)| place)
        .collect();
    assert_eq!((starts.len(), commits.len()), (5, 5));
    // One host alone, then two, then two.
    assert!(
        starts[1] > commits[0] && starts[3] > commits[2],
        "{:?}",
        rig.deeds()
    );
    let receipt = outcome.receipt.unwrap();
    assert_eq!((receipt.failed, receipt.hosts.len()), (0, 5));
    assert!(receipt.hosts.iter().all(|host| host.requests > 0));
    assert_eq!(receipt.strategy, "rolling");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_fails_within_the_budget_is_set_aside_and_named() {
    let mut rig = Rig::serving(4).await;
    let request = coordinator::Request {
        tolerance: Tolerance {
            failure_budget: HostCount::Hosts(1),
            ..Tolerance::USUAL
        },
        ..rolling('b', 1)
    };
    rig.fleet.lock().unwrap().hosts[2].never_healthy = true;
    let outcome = rig.run(request).await.unwrap();
    assert_eq!((outcome.phase, outcome.finished), (Phase::Degraded, true));
    let behind: Vec<_> = outcome
        .hosts_behind
        .iter()
        .map(|(host, _)| host.to_string())
        .collect();
    assert_eq!(behind, ["host2"]);
    let serving: Vec<String> = rig.serving_now().into_iter().map(|(it, _)| it).collect();
    assert_eq!(serving, ["b", "b", "a", "b"]);
    let known = rig
        .coordinator(crate::rig::alive())
        .service(&crate::rig::service())
        .await
        .unwrap();
    assert_eq!(known.behind.len(), 1);
    assert_eq!(known.behind[0].host, "host2");
    let text = outcome.receipt.unwrap().to_string();
    assert!(text.contains("set aside"), "{text}");

    // The same again changes only the host that is behind.
    rig.fleet.lock().unwrap().hosts[2].never_healthy = false;
    let outcome = rig.run(rolling('b', 1)).await.unwrap();
    assert_eq!(outcome.phase, Phase::Healthy);
    assert_eq!(rig.serving_now(), vec![("b".to_owned(), true); 4]);
}

async fn killed(kill: Kill, wait: Duration, aborts: bool) -> bool {
    let mut rig = Rig::serving(3).await;
    if !rig.run_killed(rolling('b', 1), kill).await {
        return false;
    }
    tokio::time::sleep(wait).await;
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
        Err(Error::NothingUnfinished { .. }) => {}
        Err(error) => panic!("{kill:?}: {error}"),
    }
    let serving = if decided { "b" } else { "a" };
    assert_eq!(
        rig.serving_now(),
        vec![(serving.to_owned(), true); 3],
        "{kill:?}"
    );
    true
}

async fn at_many_calls(wait: Duration, aborts: bool) {
    let mut n = 0;
    loop {
        n += 13;
        let reached = killed(Kill::Before(n), wait, aborts).await;
        killed(Kill::After(n + 5), wait, aborts).await;
        if !reached {
            break;
        }
    }
    assert!(n > 100, "a rolling deploy makes more than {n} calls");
}

#[tokio::test(start_paused = true)]
async fn killed_in_any_batch_and_resumed_it_is_carried_through() {
    at_many_calls(Duration::from_millis(100), false).await;
}

#[tokio::test(start_paused = true)]
async fn killed_in_any_batch_and_aborted_every_host_is_turned_back_unless_it_was_decided() {
    at_many_calls(Duration::from_secs(60), true).await;
}

#[tokio::test(start_paused = true)]
async fn without_surge_and_without_a_readiness_path_no_balancer_could_be_told() {
    let mut rig = Rig::serving(3).await;
    let mut request = rolling('b', 1);
    request.strategy = Strategy::Rolling(Rolling {
        max_parallel: HostCount::Hosts(1),
        surge: Surge::Instead {
            lb_notice_ms: 1_000,
        },
    });
    let coordinator = rig.coordinator(crate::rig::alive());
    let refused = coordinator.plan(request.clone()).await.unwrap_err();
    assert!(refused.to_string().contains("readiness"), "{refused}");
    request.settings.readiness = Some("/ready".into());
    // What serves has no such path yet.
    let outcome = rig.run(request).await.unwrap();
    assert_eq!((outcome.phase, outcome.finished), (Phase::Healthy, true));
    let told = |what: &str| rig.deeds().iter().filter(|deed| *deed == what).count();
    assert_eq!((told("ready false"), told("ready true")), (3, 3));
}
