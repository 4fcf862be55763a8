//! What the ledger forbids, and what an earlier version left in it.

use coordinator::{Attendance, Error, Progress, Resume, Verb};
use ledger::wire::v1::{Call, Document, Entry, Outcome, Reply};
use rollout::Phase;

use crate::rig::{Rig, dead, deploy, rollback, service};

const V1_PLAN: &str = include_str!("../../../rollout/tests/engine/fixtures/journal_v1_plan.json");
const V1_ENTRIES: &str =
    include_str!("../../../rollout/tests/engine/fixtures/journal_v1_entries.jsonl");

fn say(rig: &Rig, call: Call) -> Reply {
    let mut fleet = rig.fleet.lock().unwrap();
    let now_ms = fleet.now_ms();
    fleet.ledger.handle(call, now_ms)
}

fn freeze(rig: &Rig) {
    let reply = say(
        rig,
        Call::Freeze {
            environment: "production".into(),
            until_ms: u64::MAX / 2,
            why: "the sale".into(),
            by: "ada@lead".into(),
        },
    );
    assert!(matches!(reply, Reply::Freezes { .. }), "{reply:?}");
}

#[tokio::test(start_paused = true)]
async fn a_frozen_environment_takes_no_deploy_but_a_rollback_and_what_has_a_reason() {
    let mut rig = Rig::serving(1).await;
    rig.run(deploy('b')).await.unwrap();
    freeze(&rig);
    let Err(Error::Frozen { why, .. }) = rig.run(deploy('c')).await else {
        panic!("it is frozen")
    };
    assert!(why.contains("the sale"), "{why}");
    assert_eq!(rig.serving_now(), [("b".to_owned(), true)]);
    assert_eq!(rig.run(rollback()).await.unwrap().phase, Phase::RolledBack);
    let coordinator = rig.coordinator(dead());
    assert!(coordinator.leases(None).await.unwrap().is_empty());
    let planned = coordinator.plan(deploy('c')).await.unwrap();
    let urgent = planned.despite_freeze("the sale is down".into());
    let outcome = coordinator
        .run(urgent, Attendance::new(&mut |_: &Progress| {}))
        .await;
    assert_eq!(outcome.unwrap().phase, Phase::Healthy);
}

#[tokio::test(start_paused = true)]
async fn an_unfinished_rollout_of_an_earlier_version_is_left_to_that_version() {
    let mut rig = Rig::serving(1).await;
    let lease = say(
        &rig,
        Call::Acquire {
            service: service().to_string(),
            holder: dead(),
            ttl_ms: 1_000,
            above: 0,
        },
    );
    let Reply::Acquired { lease, .. } = lease else {
        panic!("{lease:?}")
    };
    let mut plan: Document = serde_json::from_str(V1_PLAN).unwrap();
    plan.v = 1;
    let begun = say(
        &rig,
        Call::Begin {
            service: service().to_string(),
            token: lease.token,
            plan,
            settings: serde_json::Value::Null,
            by: "ada@lead".into(),
            despite_freeze: None,
        },
    );
    let Reply::Begun { rollout } = begun else {
        panic!("{begun:?}")
    };
    let entries: Vec<Entry> = V1_ENTRIES
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let appended = say(
        &rig,
        Call::Append {
            service: service().to_string(),
            token: lease.token,
            rollout: rollout.clone(),
            entries,
            effect: Outcome {
                phase: Phase::Progressing.into(),
                finished: false,
                cause: None,
                current: None,
                marks: Vec::new(),
                receipt: None,
                behind: Vec::new(),
            },
            taken: Vec::new(),
        },
    );
    assert!(matches!(appended, Reply::Done), "{appended:?}");

    let resumed = rig.resume(Resume::default()).await;
    let Err(error @ Error::Replay(_)) = resumed else {
        panic!("{resumed:?}")
    };
    let text = error.to_string();
    assert!(text.contains("the version that began it"), "{text}");
    let aborted = rig.abort().await;
    assert!(matches!(aborted, Err(Error::Replay(_))), "{aborted:?}");
    let foreseen = rig
        .coordinator(dead())
        .foresee(&service(), Verb::Abort)
        .await;
    assert!(matches!(foreseen, Err(Error::Replay(_))), "{foreseen:?}");
    // It is in the history all the same, and nothing of it was touched.
    let coordinator = rig.coordinator(dead());
    let history = coordinator.history(Some(&service()), 5).await.unwrap();
    assert_eq!(history[0].rollout, rollout);
    assert_eq!(rig.serving_now(), [("a".to_owned(), true)]);
    assert!(coordinator.leases(None).await.unwrap().is_empty());
}
