//! Two coordinators never both act.

use std::time::Duration;

use coordinator::{Attendance, Error, Progress};
use rollout::Phase;

use crate::rig::{Rig, alive, deploy, service};

#[tokio::test(start_paused = true)]
async fn a_second_deploy_is_told_who_is_at_work_and_an_abort_from_elsewhere_reaches_the_first() {
    let rig = Rig::serving(1).await;
    let first = rig.coordinator(alive());
    let planned = first.plan(deploy('b')).await.unwrap();
    let mut ignore = |_: &Progress| {};
    let running = first.run(planned, Attendance::new(&mut ignore));
    let second = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let other = rig.coordinator(ledger::wire::v1::Holder {
            user: "bob".into(),
            ..crate::rig::dead()
        });
        let Err(Error::Held { lease, .. }) = other.check_free(&service()).await else {
            panic!()
        };
        assert_eq!(lease.holder.user, "ada");
        let Err(error @ Error::Held { .. }) = other.plan(deploy('c')).await else {
            panic!()
        };
        assert!(
            error.to_string().contains("ada@lead") && error.to_string().contains("cutover abort"),
            "{error}"
        );
        other
            .abort(&service(), None, Attendance::new(&mut |_: &Progress| {}))
            .await
            .unwrap()
    };
    let (first, second) = tokio::join!(running, second);
    let first = first.unwrap();
    assert_eq!(
        (first.phase, first.cause.as_deref()),
        (Phase::Aborted, Some("aborted by bob@lead"))
    );
    assert_eq!(
        (second.phase, second.rollout),
        (Phase::Aborted, first.rollout)
    );
    assert_eq!(rig.serving_now(), [("a".to_owned(), true)]);
}

#[tokio::test(start_paused = true)]
async fn an_abort_that_comes_too_late_says_so_though_the_coordinator_lives() {
    let rig = Rig::serving(1).await;
    let first = rig.coordinator(alive());
    let planned = first.plan(deploy('b')).await.unwrap();
    let (watches, watched) = tokio::sync::oneshot::channel();
    let mut watches = Some(watches);
    let mut watching = |progress: &Progress| {
        if matches!(progress, Progress::StepStarted { step, .. } if step == "watch") {
            watches.take().unwrap().send(()).unwrap();
        }
    };
    let running = first.run(planned, Attendance::new(&mut watching));
    let late = async {
        watched.await.unwrap();
        // The coordinator's next question whether an abort is wanted comes after its decision.
        tokio::time::sleep(Duration::from_millis(1_900)).await;
        let mut waited_for = Vec::new();
        let mut note = |progress: &Progress| {
            if let Progress::Waiting { what } = progress {
                waited_for.push(what.clone());
            }
        };
        let aborted = rig
            .coordinator(crate::rig::dead())
            .abort(&service(), None, Attendance::new(&mut note))
            .await;
        (aborted, waited_for)
    };
    let (first, (late, waited_for)) = tokio::join!(running, late);
    assert_eq!(first.unwrap().phase, Phase::Healthy);
    assert!(matches!(late, Err(Error::PastDecision { .. })), "{late:?}");
    assert_eq!(waited_for.len(), 1, "{waited_for:?}");
    assert!(waited_for[0].starts_with("ada@lead (`cutover resume`, pid "));
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_whose_lease_was_taken_away_stops_and_changes_nothing_more() {
    let rig = Rig::serving(1).await;
    let first = rig.coordinator(alive());
    let planned = first.plan(deploy('b')).await.unwrap();
    let mut ignore = |_: &Progress| {};
    let running = first.run(planned, Attendance::new(&mut ignore));
    let robber = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        rig.coordinator(crate::rig::dead())
            .force_release(&service())
            .await
            .unwrap()
    };
    let (first, broken) = tokio::join!(running, robber);
    let Err(Error::Fenced { detail, .. }) = first else {
        panic!("{first:?}")
    };
    assert!(detail.contains("taken away by ada@lead"), "{detail}");
    assert!(broken.is_some());
    assert_eq!(rig.abort().await.unwrap().phase, Phase::Aborted);
}

#[tokio::test(start_paused = true)]
async fn a_plan_made_for_other_hosts_than_there_are_is_not_run() {
    let mut rig = Rig::serving(1).await;
    let coordinator = rig.coordinator(crate::rig::dead());
    let planned = coordinator.plan(deploy('b')).await.unwrap();
    rig.run(deploy('c')).await.unwrap();
    let stale = coordinator
        .run(planned, Attendance::new(&mut |_: &Progress| {}))
        .await;
    assert!(matches!(stale, Err(Error::PlanIsStale { .. })), "{stale:?}");
    assert!(coordinator.leases(None).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_changes_until_the_lease_is_held_makes_a_plan_stale() {
    let rig = Rig::serving(1).await;
    let coordinator = rig.coordinator(alive());
    let planned = coordinator.plan(deploy('b')).await.unwrap();
    // The last instant at which somebody else may have acted.
    let mut leased = |progress: &Progress| {
        if matches!(progress, Progress::Leased { .. }) {
            let instances = &mut rig.fleet.lock().unwrap().hosts[0].instances;
            let mut other = instances["shop.production-1"].clone();
            (other.id, other.slot) = ("shop.production-2".into(), 2);
            instances.insert(other.id.clone(), other);
        }
    };
    let stale = coordinator.run(planned, Attendance::new(&mut leased)).await;
    assert!(matches!(stale, Err(Error::PlanIsStale { .. })), "{stale:?}");
    assert!(rig.deeds().is_empty(), "{:?}", rig.deeds());
    assert!(coordinator.leases(None).await.unwrap().is_empty());
}
