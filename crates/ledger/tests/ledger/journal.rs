//! Rollouts, their journals, and what follows from them.

use ledger::Ledger;
use ledger::wire::v1::{Call, CurrentVersion, Document, Entry, NewMark, Outcome, Refusal, Reply};
use rollout::journal::v2::Phase;

use crate::rig::{Rig, SERVICE, entry, me, refusal, under_way};

fn ended() -> Outcome {
    Outcome {
        phase: Phase::Healthy,
        finished: true,
        cause: None,
        current: Some(CurrentVersion {
            artifact: "b".repeat(64),
            vsn: "2".into(),
        }),
        marks: vec![NewMark {
            artifact: "c".repeat(64),
            why: "it crashed".into(),
        }],
        receipt: Some(serde_json::json!({"requests": 7})),
        behind: Vec::new(),
    }
}

#[test]
fn one_rollout_of_a_service_at_a_time_and_a_repeated_begin_is_the_same() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun();
    assert_eq!(rollout, "shop.production.1");
    assert_eq!(
        rig.begin(token),
        Reply::Begun {
            rollout: rollout.clone()
        }
    );
    rig.call(Call::Release {
        service: SERVICE.into(),
        token,
    });
    let next = rig.acquired(&me()).token;
    assert_eq!(refusal(rig.begin(next)), Refusal::Unfinished);
    assert_eq!(
        rig.append(next, &rollout, vec![entry(1)], ended()),
        Reply::Done
    );
    assert_eq!(
        rig.begin(next),
        Reply::Begun {
            rollout: "shop.production.2".into()
        }
    );
}

#[test]
fn a_journal_has_no_gap_and_an_entry_is_never_another() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun();
    assert_eq!(
        rig.append(token, &rollout, vec![entry(1), entry(2)], under_way()),
        Reply::Done
    );
    assert_eq!(
        rig.append(token, &rollout, vec![entry(2), entry(3)], under_way()),
        Reply::Done
    );
    assert_eq!(
        refusal(rig.append(token, &rollout, vec![entry(5)], under_way())),
        Refusal::OutOfSequence
    );
    let other = Entry {
        at_ms: 9,
        ..entry(3)
    };
    assert_eq!(
        refusal(rig.append(token, &rollout, vec![other], under_way())),
        Refusal::OutOfSequence
    );
    assert_eq!(
        refusal(rig.append(token, "shop.production.9", vec![entry(1)], under_way())),
        Refusal::NoRollout
    );
    let Reply::Rollout {
        rollout: Some(record),
    } = rig.call(Call::Rollout {
        rollout,
        after: None,
    })
    else {
        panic!()
    };
    assert_eq!(record.entries, [entry(1), entry(2), entry(3)]);
    assert_eq!(record.summary.phase, Phase::Progressing);
}

#[test]
fn a_refused_append_changes_nothing_at_all() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun();
    let reply = rig.append(token, &rollout, vec![entry(1), entry(3)], ended());
    assert_eq!(refusal(reply), Refusal::OutOfSequence);
    let Reply::Rollout {
        rollout: Some(record),
    } = rig.call(Call::Rollout {
        rollout,
        after: None,
    })
    else {
        panic!()
    };
    assert!(record.entries.is_empty() && !record.summary.finished);
    let Reply::Service { current, marks, .. } = rig.call(Call::Service {
        service: SERVICE.into(),
    }) else {
        panic!()
    };
    assert!(current.is_none() && marks.is_empty());
}

#[test]
fn the_end_of_a_rollout_is_written_with_its_entry_and_outlives_the_process() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun();
    assert_eq!(
        rig.append(token, &rollout, vec![entry(1)], ended()),
        Reply::Done
    );
    assert_eq!(
        refusal(rig.append(token, &rollout, vec![entry(2)], under_way())),
        Refusal::Finished
    );
    let mut again = Ledger::open(&rig.dir.path().join("ledger.db")).unwrap();
    let reply = again.handle(
        Call::Service {
            service: SERVICE.into(),
        },
        rig.now_ms,
    );
    let Reply::Service {
        current,
        history,
        marks,
        unfinished,
        ..
    } = reply
    else {
        panic!()
    };
    assert_eq!(
        current.map(|current| (current.vsn, current.rollout)),
        Some(("2".into(), rollout.clone()))
    );
    assert_eq!(
        (history.len(), marks[0].why.as_str(), unfinished),
        (1, "it crashed", None)
    );
    let reply = again.handle(
        Call::Rollouts {
            service: None,
            limit: 10,
        },
        rig.now_ms,
    );
    let Reply::Rollouts { rollouts } = reply else {
        panic!()
    };
    assert_eq!(
        rollouts[0].receipt,
        Some(serde_json::json!({"requests": 7}))
    );
    assert_eq!(
        (rollouts[0].phase, rollouts[0].finished),
        (Phase::Healthy, true)
    );
}

#[test]
fn a_journal_of_a_version_that_the_ledger_does_not_know_is_kept_as_it_is() {
    let mut rig = Rig::new();
    let plan = serde_json::json!({"purpose": "deploy", "steps": [{"set_weight": 5}], "hosts": []});
    let (token, rollout) = rig.begun_of(SERVICE, Document::write(7, &plan).unwrap());
    let written =
        serde_json::json!({"seq": 1, "at_ms": 10, "event": {"z": 1, "a": [null, 0.25]}, "new": {}});
    let entry = Entry::write(7, &written).unwrap();
    assert_eq!(
        rig.append(token, &rollout, vec![entry.clone()], under_way()),
        Reply::Done
    );
    let record = rig.record(&rollout);
    assert_eq!((record.entries[0].v, &record.entries[0]), (7, &entry));
    let read: serde_json::Value = record.entries[0].read().unwrap();
    assert_eq!(read, written);
    assert_eq!(
        record.summary.plan.read::<serde_json::Value>().unwrap(),
        plan
    );
}

#[test]
fn an_append_that_comes_late_and_again_does_not_turn_the_phase_back() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun();
    rig.append(token, &rollout, vec![entry(1)], under_way());
    let paused = Outcome {
        phase: Phase::Paused,
        ..under_way()
    };
    rig.append(token, &rollout, vec![entry(2)], paused);
    let (records, ..) = rig.verify();
    assert_eq!(
        rig.append(token, &rollout, vec![entry(1)], under_way()),
        Reply::Done
    );
    assert_eq!(rig.record(&rollout).summary.phase, Phase::Paused);
    assert_eq!(rig.verify().0, records);
}

#[test]
fn a_journal_longer_than_a_page_is_told_in_pages_that_join_to_the_whole() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun();
    let long = |seq| {
        let mut entry = entry(seq);
        let detail = "x".repeat(1 << 20);
        entry.body.insert("detail".into(), detail.into());
        entry
    };
    for seq in 1..=10 {
        let reply = rig.append(token, &rollout, vec![long(seq)], under_way());
        assert_eq!(reply, Reply::Done);
    }
    let whole = rig.record(&rollout);
    assert_eq!((whole.entries.len(), whole.more), (10, false));
    let mut page = |known: u64| match rig.call(Call::Rollout {
        rollout: rollout.clone(),
        after: Some(known),
    }) {
        Reply::Rollout {
            rollout: Some(record),
        } => *record,
        other => panic!("{other:?}"),
    };
    let mut joined = page(0);
    let mut pages = 1;
    while joined.more {
        let next = page(joined.entries.len() as u64);
        let bytes = serde_json::to_vec(&next).unwrap().len();
        assert!(bytes < 5 << 20, "{bytes}");
        joined.join(next);
        pages += 1;
    }
    assert_eq!((joined == whole, pages), (true, 4));
    // Who knows it all is told nothing again but what is true of the rollout.
    assert!(page(10).entries.is_empty() && page(10).broken.is_none());
    assert_eq!(page(9).entries, [long(10)]);
    assert_eq!(page(9).settings, whole.settings);
}
