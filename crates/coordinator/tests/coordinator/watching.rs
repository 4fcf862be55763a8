//! The same snapshot from the driver and from a process that only looks.

use std::sync::Arc;
use std::time::Duration;

use coordinator::{Attendance, Progress, Snapshot, StepState};
use rollout::Phase;
use tokio::sync::watch;

use crate::rig::{Rig, alive, deploy};

#[tokio::test(start_paused = true)]
async fn who_drives_and_who_watches_see_the_same() {
    let rig = Rig::serving(2).await;
    let first = rig.coordinator(alive());
    let planned = first.plan(deploy('b')).await.unwrap();
    let (driven, drives) = watch::channel::<Option<Arc<Snapshot>>>(None);
    let (watched, watches) = watch::channel::<Option<Arc<Snapshot>>>(None);
    let mut ignore = |_: &Progress| {};
    let running = first.run(planned, Attendance::new(&mut ignore).with_view(driven));
    let watching = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let other = rig.coordinator(crate::rig::other());
        let mut midway = watches.clone();
        let looking = async {
            midway
                .wait_for(|seen| {
                    seen.as_ref()
                        .is_some_and(|seen| seen.hosts.iter().all(|host| host.weight == Some(100)))
                })
                .await
                .unwrap()
                .clone()
                .unwrap()
        };
        let (ended, midway) = tokio::join!(other.watch("shop.production.2", &watched), looking);
        ended.unwrap();
        midway
    };
    let (outcome, midway) = tokio::join!(running, watching);
    assert_eq!(outcome.unwrap().phase, Phase::Healthy);

    assert!(midway.reversible && midway.driver.as_ref().unwrap().starts_with("ada@lead"));
    assert_eq!(midway.total.hosts, 2);
    assert_eq!(midway.hosts[0].instances[0].instance, "shop.production-2");
    assert!(midway.possible.contains(&"abort"));
    assert!(midway.mermaid.contains("flowchart"), "{}", midway.mermaid);

    let (driven, watched) = (drives.borrow().clone(), watches.borrow().clone());
    let (driven, watched) = (driven.unwrap(), watched.unwrap());
    assert!(watched.finished && driven.finished);
    assert_eq!(driven.phase, "healthy");
    assert_eq!(driven.steps, watched.steps);
    assert_eq!(driven.stable, watched.stable);
    assert!(
        driven
            .steps
            .iter()
            .all(|step| matches!(step.state, StepState::Done | StepState::Skipped)),
        "{:?}",
        driven.steps
    );
    // A page can be drawn of it.
    let json = serde_json::to_value(&*driven).unwrap();
    assert_eq!(json["candidate"]["vsn"], "b");
}
