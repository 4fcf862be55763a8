//! Deploys that go well, and those that do not.

use agent::api::v1::RunStatus;
use coordinator::{Error, Progress, Resume, Stored};
use rollout::{Chosen, CommandDecision, Phase, PlanError, ReleaseCommand};

use crate::fake::requests;
use crate::rig::{Rig, artifact, deploy, request, service};

#[tokio::test(start_paused = true)]
async fn a_deploy_goes_through_every_step_and_hands_out_a_receipt() {
    let mut rig = Rig::serving(2).await;
    let before: u64 = rig.fleet.lock().unwrap().hosts.iter().map(requests).sum();
    let outcome = rig.run(deploy('b')).await.unwrap();
    let after: u64 = rig.fleet.lock().unwrap().hosts.iter().map(requests).sum();
    assert_eq!(
        (outcome.phase, outcome.finished, outcome.cause),
        (Phase::Healthy, true, None)
    );
    assert_eq!(rig.serving_now(), vec![("b".to_owned(), true); 2]);
    let once = |deed: &str| [deed, deed].map(ToOwned::to_owned);
    let expected = [
        once("start shop.production-2"),
        once("route b=100 a=0"),
        once("prepare"),
        once("commit"),
        once("drain a"),
        once("warm shop.production-1"),
    ];
    assert_eq!(rig.deeds(), expected.concat());

    let receipt = outcome.receipt.unwrap();
    assert!(
        receipt.requests > 0 && receipt.requests <= after - before,
        "{receipt:?}"
    );
    assert_eq!(
        (receipt.failed, receipt.sockets_moved, receipt.sockets_cut),
        (0, 10, 0)
    );
    assert!(receipt.missing.is_empty(), "{:?}", receipt.missing);
    assert!(
        receipt.latency.before.is_some()
            && receipt.latency.during.is_some()
            && receipt.latency.after.is_some()
    );
    let steps: Vec<_> = receipt
        .steps
        .iter()
        .map(|step| step.step.as_str())
        .collect();
    assert_eq!(
        steps,
        [
            "start",
            "weight-100",
            "watch",
            "commit",
            "drain",
            "keep",
            "settle"
        ]
    );
    let text = receipt.to_string();
    assert!(
        text.contains("0 failed") && text.contains("10 moved, 0 cut"),
        "{text}"
    );

    let coordinator = rig.coordinator(crate::rig::alive());
    let record = coordinator.show(&outcome.rollout).await.unwrap();
    let stored: Stored = serde_json::from_value(record.summary.receipt.unwrap()).unwrap();
    assert_eq!(stored.receipt, Some(receipt));
    let known = coordinator.service(&service()).await.unwrap();
    assert_eq!(known.current.unwrap().artifact, artifact('b').to_string());
    assert_eq!(known.unfinished, None);
    assert!(coordinator.leases(None).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_is_never_healthy_is_given_up_with_the_end_of_its_log() {
    let mut rig = Rig::serving(2).await;
    rig.fleet.lock().unwrap().sick.insert("b".repeat(64));
    let outcome = rig.run(deploy('b')).await.unwrap();
    assert_eq!((outcome.phase, outcome.finished), (Phase::Aborted, true));
    let cause = outcome.cause.unwrap();
    assert!(
        cause.contains("not healthy within 10 s") && cause.contains("answered 503"),
        "{cause}"
    );
    assert!(outcome.log.unwrap().text.contains("no database"));
    assert_eq!(rig.serving_now(), vec![("a".to_owned(), true); 2]);
    assert!(
        !rig.deeds().iter().any(|deed| deed.starts_with("route")),
        "{:?}",
        rig.deeds()
    );

    // It never had traffic, and what ailed it may be mended outside of it: it may be tried again.
    rig.fleet.lock().unwrap().sick.clear();
    assert_eq!(rig.run(deploy('b')).await.unwrap().phase, Phase::Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_crashes_at_its_start_is_told_of_by_its_last_end() {
    let mut rig = Rig::serving(1).await;
    let fleet = rig.fleet.clone();
    let crashes = async move {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            let mut fleet = fleet.lock().unwrap();
            if let Some(candidate) = fleet.hosts[0].instances.get_mut("shop.production-2") {
                candidate.state = agent::api::v1::InstanceState::BackingOff;
                candidate.restarts = 3;
                candidate.last_exit = Some("exited with code 1".into());
                break;
            }
        }
    };
    let (outcome, ()) = tokio::join!(rig.run(deploy('b')), crashes);
    let cause = outcome.unwrap().cause.unwrap();
    assert_eq!(
        cause,
        "shop.production-2 on host0 crashed 3 times while starting; last: it exited with code 1"
    );
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_fails_while_it_is_watched_gives_traffic_back_before_it_stops() {
    let mut rig = Rig::serving(1).await;
    let fleet = rig.fleet.clone();
    let sickens = async move {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            let mut fleet = fleet.lock().unwrap();
            if fleet
                .deeds
                .iter()
                .any(|deed| deed.starts_with("route b=100"))
            {
                fleet.sick.insert("b".repeat(64));
                break;
            }
        }
    };
    let (outcome, ()) = tokio::join!(rig.run(deploy('b')), sickens);
    let outcome = outcome.unwrap();
    assert_eq!(outcome.phase, Phase::Aborted);
    assert!(
        outcome
            .cause
            .unwrap()
            .contains("failed while it was watched")
    );
    let deeds = rig.deeds();
    let expected = ["route b=0 a=100", "drain b", "stop shop.production-2"];
    assert_eq!(deeds[deeds.len() - 3..], expected);
    assert_eq!(rig.serving_now(), [("a".to_owned(), true)]);

    let Err(Error::Plan(PlanError::MarkedBad { .. })) = rig.run(deploy('b')).await else {
        panic!()
    };
    rig.fleet.lock().unwrap().sick.clear();
    let version = rollout::Version {
        artifact: artifact('b'),
        vsn: "b".into(),
    };
    let by_name = request(coordinator::Target::Deploy {
        version,
        chosen: Chosen::ByName,
    });
    assert_eq!(rig.run(by_name).await.unwrap().phase, Phase::Healthy);
    // It serves by a decision now, so the mark is gone.
    let known = rig
        .coordinator(crate::rig::alive())
        .service(&service())
        .await;
    assert!(known.unwrap().marks.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_release_command_with_an_unknown_end_waits_for_a_person() {
    let mut rig = Rig::serving(1).await;
    rig.fleet.lock().unwrap().run = RunStatus::Unknown;
    let command = ReleaseCommand {
        args: vec!["eval".into(), "Shop.migrate()".into()],
        timeout_ms: 1_000,
    };
    let with_command = coordinator::Request {
        release_command: Some(command),
        ..deploy('b')
    };
    let outcome = rig.run(with_command).await.unwrap();
    assert_eq!((outcome.phase, outcome.finished), (Phase::Paused, false));
    assert!(outcome.cause.unwrap().contains("--release-command done"));
    assert_eq!(rig.serving_now(), [("a".to_owned(), true)]);

    let still = rig.resume(Resume::default()).await.unwrap();
    assert_eq!((still.phase, still.finished), (Phase::Paused, false));
    let done = Resume {
        command: Some(CommandDecision::Done),
        env: None,
    };
    assert_eq!(rig.resume(done).await.unwrap().phase, Phase::Healthy);
    assert_eq!(rig.fleet.lock().unwrap().hosts[0].runs_begun, 1);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_is_away_for_a_while_is_told_of_once_and_so_is_its_return() {
    let mut rig = Rig::serving(1).await;
    let fleet = rig.fleet.clone();
    let away = async move {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        fleet.lock().unwrap().hosts[0].away = true;
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        fleet.lock().unwrap().hosts[0].away = false;
    };
    let (outcome, ()) = tokio::join!(rig.run(deploy('b')), away);
    assert_eq!(outcome.unwrap().phase, Phase::Healthy);
    let told: Vec<_> = rig
        .shown
        .iter()
        .filter_map(|progress| match progress {
            Progress::LedgerLost { .. } => Some("lost"),
            Progress::LedgerBack => Some("back"),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["lost", "back"]);
}

#[tokio::test(start_paused = true)]
async fn a_deploy_of_what_serves_is_refused() {
    let mut rig = Rig::serving(1).await;
    let Err(Error::Plan(PlanError::ServesAlready { .. })) = rig.run(deploy('a')).await else {
        panic!()
    };
}
