//! The way back.

use coordinator::Error;
use rollout::Phase;

use crate::rig::{Rig, artifact, deploy, rollback, service};

#[tokio::test(start_paused = true)]
async fn a_rollback_to_a_warm_version_starts_nothing_and_marks_what_it_leaves() {
    let mut rig = Rig::serving(1).await;
    rig.run(deploy('b')).await.unwrap();
    rig.fleet.lock().unwrap().deeds.clear();
    let outcome = rig.run(rollback()).await.unwrap();
    assert_eq!((outcome.phase, outcome.finished), (Phase::RolledBack, true));
    let expected = [
        "warm shop.production-1",
        "route a=100 b=0",
        "prepare",
        "commit",
        "drain b",
        "stop shop.production-2",
    ];
    assert_eq!(rig.deeds(), expected);
    assert_eq!(rig.serving_now(), [("a".to_owned(), true)]);
    let known = rig
        .coordinator(crate::rig::alive())
        .service(&service())
        .await
        .unwrap();
    assert_eq!(known.marks[0].artifact, artifact('b').to_string());
    assert_eq!(known.current.unwrap().artifact, artifact('a').to_string());
    let Err(Error::NoEarlier { .. }) = rig.run(rollback()).await else {
        panic!()
    };
}

#[tokio::test(start_paused = true)]
async fn a_rollback_to_a_stopped_version_starts_it_first() {
    let mut rig = Rig::serving(1).await;
    rig.run(deploy('b')).await.unwrap();
    {
        let mut fleet = rig.fleet.lock().unwrap();
        let kept = fleet.hosts[0]
            .instances
            .get_mut("shop.production-1")
            .unwrap();
        kept.state = agent::api::v1::InstanceState::Stopped;
        fleet.deeds.clear();
    }
    assert_eq!(rig.run(rollback()).await.unwrap().phase, Phase::RolledBack);
    assert_eq!(rig.deeds()[0], "restart shop.production-1");
}

#[tokio::test(start_paused = true)]
async fn a_warm_version_does_not_stop_before_it_has_traffic() {
    let mut rig = Rig::serving(1).await;
    rig.run(deploy('b')).await.unwrap();
    {
        let mut fleet = rig.fleet.lock().unwrap();
        let soon = fleet.now_ms() + 50;
        let machine = &mut fleet.hosts[0];
        let kept = machine.instances.get_mut("shop.production-1").unwrap();
        kept.warm_until_ms = Some(soon);
        fleet.deeds.clear();
    }
    assert_eq!(rig.run(rollback()).await.unwrap().phase, Phase::RolledBack);
    assert_eq!(rig.deeds()[0], "warm shop.production-1");
    assert_eq!(rig.serving_now(), [("a".to_owned(), true)]);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_to_a_version_that_is_not_healthy_leaves_what_serves() {
    let mut rig = Rig::serving(1).await;
    rig.run(deploy('b')).await.unwrap();
    rig.fleet.lock().unwrap().sick.insert("a".repeat(64));
    let outcome = rig.run(rollback()).await.unwrap();
    assert_eq!(outcome.phase, Phase::Aborted);
    assert_eq!(rig.serving_now(), [("b".to_owned(), true)]);
}
