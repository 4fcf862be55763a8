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

/// Begins a rollout and appends to its journal, as a coordinator that is dead by now.
fn written(rig: &Rig, plan: Document, entries: Vec<Entry>) -> String {
    let lease = say(
        rig,
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
    let begun = say(
        rig,
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
    let appended = say(
        rig,
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
    rollout
}

#[tokio::test(start_paused = true)]
async fn a_journal_longer_than_one_answer_is_read_whole() {
    let rig = Rig::serving(1).await;
    let plan: Document = serde_json::from_str(V1_PLAN).unwrap();
    let long = serde_json::json!({"detail": "x".repeat(1 << 20)});
    let entry = |seq: u64| {
        let mut entry = long.clone();
        (entry["seq"], entry["at_ms"]) = (seq.into(), 1.into());
        Entry::write(2, &entry).unwrap()
    };
    let entries: Vec<Entry> = (1..=9).map(entry).collect();
    let rollout = written(&rig, plan, entries.clone());
    let record = rig.coordinator(dead()).show(&rollout).await.unwrap();
    assert!(record.entries == entries && !record.more);
    let known = rig.fleet.lock().unwrap().known.clone();
    assert_eq!(known, [Some(0), Some(3), Some(6)]);
}

#[tokio::test(start_paused = true)]
async fn an_unfinished_rollout_of_an_earlier_version_is_left_to_that_version() {
    let mut rig = Rig::serving(1).await;
    let mut plan: Document = serde_json::from_str(V1_PLAN).unwrap();
    plan.v = 1;
    let entries: Vec<Entry> = V1_ENTRIES
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let rollout = written(&rig, plan, entries);
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
