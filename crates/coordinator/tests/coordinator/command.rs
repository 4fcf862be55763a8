//! A release command never runs beside another, and is never left behind unseen.

use std::collections::BTreeMap;
use std::time::Duration;

use agent::api::v1::RunStatus;
use coordinator::{Attendance, Progress, Request, Resume};
use rollout::{Phase, ReleaseCommand};

use crate::fake::Kill;
use crate::rig::{Rig, alive, deploy, service};

fn with_command() -> Request {
    let command = ReleaseCommand {
        args: vec!["eval".into(), "Shop.migrate()".into()],
        timeout_ms: 60_000,
    };
    Request {
        release_command: Some(command),
        ..deploy('b')
    }
}

/// Ends what runs after a while, and says whether it was waited for.
async fn ends_later(rig: &Rig) {
    tokio::time::sleep(Duration::from_secs(20)).await;
    let mut fleet = rig.fleet.lock().unwrap();
    let stopped = fleet.deeds.iter().any(|deed| deed.starts_with("stop"));
    assert!(!stopped, "the candidate stops while its command runs");
    for run in fleet.hosts[0].runs.values_mut() {
        *run = RunStatus::Finished {
            exit: 0,
            output: String::new(),
        };
    }
}

const CAUSE: &str =
    "aborted by bob@lead; the release command was under way and ended with exit code 0";

#[tokio::test(start_paused = true)]
async fn an_abort_waits_for_the_end_of_the_command_and_tells_of_it() {
    let rig = Rig::serving(1).await;
    rig.fleet.lock().unwrap().run = RunStatus::Running;
    let first = rig.coordinator(alive());
    let planned = first.plan(with_command()).await.unwrap();
    let mut ignore = |_: &Progress| {};
    let running = first.run(planned, Attendance::new(&mut ignore));
    let aborting = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        let bob = ledger::wire::v1::Holder {
            user: "bob".into(),
            ..crate::rig::dead()
        };
        let mut ignore = |_: &Progress| {};
        let other = rig.coordinator(bob);
        other
            .abort(&service(), None, Attendance::new(&mut ignore))
            .await
    };
    let (first, second, ()) = tokio::join!(running, aborting, ends_later(&rig));
    for outcome in [first.unwrap(), second.unwrap()] {
        assert_eq!(
            (outcome.phase, outcome.cause.as_deref()),
            (Phase::Aborted, Some(CAUSE))
        );
    }
    assert_eq!(rig.serving_now(), [("a".to_owned(), true)]);
}

#[tokio::test(start_paused = true)]
async fn an_abort_after_the_coordinators_death_waits_for_the_command_too() {
    let mut rig = Rig::serving(1).await;
    rig.fleet.lock().unwrap().run = RunStatus::Running;
    let mut n = 0;
    while rig.fleet.lock().unwrap().hosts[0].runs.is_empty() {
        n += 1;
        rig.fleet.lock().unwrap().calls = 0;
        assert!(rig.run_killed(with_command(), Kill::After(n)).await);
        if rig.fleet.lock().unwrap().hosts[0].runs.is_empty() {
            rig = Rig::serving(1).await;
            rig.fleet.lock().unwrap().run = RunStatus::Running;
        }
    }
    let (outcome, ()) = tokio::join!(rig.abort(), ends_later(&rig));
    let outcome = outcome.unwrap();
    assert_eq!(outcome.phase, Phase::Aborted);
    let cause = outcome.cause.unwrap();
    assert!(cause.contains("ended with exit code 0"), "{cause}");
    assert_eq!(rig.fleet.lock().unwrap().hosts[0].runs_begun, 1);

    // What is not known to have ended is told as such, and nothing waits for ever.
    rig.fleet.lock().unwrap().run = RunStatus::Unknown;
    let paused = rig.run(with_command()).await.unwrap();
    assert_eq!(paused.phase, Phase::Paused);
    let cause = rig.abort().await.unwrap().cause.unwrap();
    assert!(cause.contains("nobody saw the end"), "{cause}");
    let known = Resume {
        command: None,
        env: Some(BTreeMap::new()),
    };
    assert!(rig.resume(known).await.is_err(), "nothing is unfinished");
}
