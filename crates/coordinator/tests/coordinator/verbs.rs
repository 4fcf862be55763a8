//! Verbs across two processes, and from beside the driver.

use std::time::Duration;

use coordinator::{Answered, Attendance, Order, Progress, Verb};
use rollout::Phase;
use tokio::sync::mpsc::unbounded_channel;

use crate::rig::{Rig, alive, canary, deploy, service};

/// Waits until the rollout is in that phase, as the ledger has it.
async fn until(rig: &Rig, phase: &str) {
    let coordinator = rig.coordinator(crate::rig::other());
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let history = coordinator.history(Some(&service()), 1).await.unwrap();
        let now: Phase = history[0].phase.into();
        if now.word() == phase {
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_promotion_left_with_the_ledger_is_taken_by_whoever_drives() {
    let rig = Rig::serving(2).await;
    let first = rig.coordinator(alive());
    let planned = first.plan(canary('b')).await.unwrap();
    let mut told = Vec::new();
    let mut note = |progress: &Progress| {
        if let Progress::Told { verb, by, why } = progress {
            told.push((*verb, by.clone(), why.clone()));
        }
    };
    let running = first.run(planned, Attendance::new(&mut note));
    let promoting = async {
        until(&rig, "paused").await;
        rig.order(Verb::Promote).await.unwrap()
    };
    let (outcome, answered) = tokio::join!(running, promoting);
    assert_eq!(outcome.unwrap().phase, Phase::Healthy);
    let Answered::Taken { driver, .. } = answered else {
        panic!("{answered:?}")
    };
    assert!(driver.starts_with("ada@lead (`cutover resume`"), "{driver}");
    assert_eq!(
        told,
        [(
            "promote",
            "grace@lead".to_owned(),
            Some("the test says so".to_owned())
        )]
    );
    // The journal is read once; while it is waited for, only what is new is asked for.
    let known = rig.fleet.lock().unwrap().known.clone();
    assert_eq!(known[0], Some(0));
    assert!(
        known.len() > 1 && known[1..].iter().all(|it| *it > Some(0)),
        "{known:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_verb_that_would_change_nothing_is_not_given() {
    let rig = Rig::serving(1).await;
    let first = rig.coordinator(alive());
    let planned = first.plan(deploy('b')).await.unwrap();
    let mut ignore = |_: &Progress| {};
    let running = first.run(planned, Attendance::new(&mut ignore));
    let asking = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        rig.order(Verb::Promote).await.unwrap()
    };
    let (outcome, answered) = tokio::join!(running, asking);
    assert_eq!(outcome.unwrap().phase, Phase::Healthy);
    let Answered::Nothing(foreseen) = answered else {
        panic!("{answered:?}")
    };
    assert!(foreseen.text.starts_with("nothing: "), "{}", foreseen.text);
    assert!(foreseen.driver.is_some());
}

#[tokio::test(start_paused = true)]
async fn keys_beside_the_driver_pause_and_go_on_and_turn_back() {
    let rig = Rig::serving(1).await;
    let first = rig.coordinator(alive());
    let planned = first.plan(deploy('b')).await.unwrap();
    let (orders, taken) = unbounded_channel();
    let mut warned = Vec::new();
    let mut note = |progress: &Progress| {
        if let Progress::Warning { text } = progress {
            warned.push(text.clone());
        }
    };
    let running = first.run(planned, Attendance::new(&mut note).with_orders(taken));
    let person = async {
        let give = |verb| orders.send(Order { verb, why: None }).unwrap();
        tokio::time::sleep(Duration::from_millis(700)).await;
        give(Verb::Pause);
        until(&rig, "paused").await;
        // Twice is once.
        give(Verb::Pause);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(rig.serving_now(), [("a".to_owned(), true)]);
        give(Verb::Continue);
        until(&rig, "progressing").await;
        give(Verb::Abort);
    };
    let (outcome, ()) = tokio::join!(running, person);
    let outcome = outcome.unwrap();
    assert_eq!((outcome.phase, outcome.finished), (Phase::Aborted, true));
    let verbs: Vec<_> = outcome
        .receipt
        .unwrap()
        .verbs
        .iter()
        .map(|verb| verb.verb.clone())
        .collect();
    assert_eq!(verbs, ["pause", "continue", "abort"]);
    assert!(
        warned
            .iter()
            .any(|text| text.contains("does nothing: it is paused already")),
        "{warned:?}"
    );
    assert_eq!(rig.serving_now(), [("a".to_owned(), true)]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_a_person_is_taken_back_by_a_resume_from_elsewhere() {
    let rig = Rig::serving(1).await;
    let first = rig.coordinator(crate::rig::dead());
    let planned = first.plan(deploy('b')).await.unwrap();
    let (orders, taken) = unbounded_channel();
    let mut ignore = |_: &Progress| {};
    let attendance = Attendance::new(&mut ignore)
        .with_orders(taken)
        .when_paused(coordinator::WhenPaused::Leave);
    orders
        .send(Order {
            verb: Verb::Pause,
            why: None,
        })
        .unwrap();
    let left = first.run(planned, attendance).await.unwrap();
    assert_eq!((left.phase, left.finished), (Phase::Paused, false));
    let resume = coordinator::Resume {
        command: None,
        env: Some(std::collections::BTreeMap::new()),
    };
    let mut rig = rig;
    assert_eq!(rig.resume(resume).await.unwrap().phase, Phase::Healthy);
}
