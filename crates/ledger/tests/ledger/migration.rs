//! A file of schema 1, as the first release wrote it.

use std::path::Path;

use ledger::Ledger;
use ledger::wire::v1::{Call, Entry, Reply, Verb};
use rollout::journal::v1;
use rollout::journal::v2::Phase;
use rusqlite::Connection;

use crate::rig::{Rig, SERVICE, entry, me, under_way};

/// A time after all that the file says, in milliseconds since the epoch.
const THEN_MS: u64 = 1_760_000_030_000;

fn old() -> Rig {
    let mut rig = Rig::new();
    rig.now_ms = THEN_MS;
    let path = rig.dir.path().join("ledger.db");
    rig.ledger = Ledger::open(&rig.dir.path().join("meanwhile.db")).unwrap();
    put(&path);
    rig.ledger = Ledger::open(&path).unwrap();
    rig
}

/// An entry of version 1, which nobody writes any more, as it was written.
fn first_entry(seq: u64) -> Entry {
    serde_json::from_value(serde_json::json!({
        "seq": seq, "at_ms": seq * 10, "event": {"kind": "wake"}, "intents": [format!("wake at {seq} ms")]
    }))
    .unwrap()
}

fn put(path: &Path) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema-1.db");
    let bytes = sys::file::read_bounded(&fixture, 1 << 20).unwrap();
    sys::file::write_atomic(path, &bytes, sys::file::Access::Private).unwrap();
}

#[test]
fn all_that_it_says_is_there_and_is_a_chain() {
    let mut rig = old();
    let (records, head, broken) = rig.verify();
    assert_eq!(broken, None);
    assert!(records > 9 + 4, "{records}");
    rig.reopen();
    assert_eq!(rig.verify(), (records, head, None));

    let reply = rig.call(Call::Rollouts {
        service: None,
        limit: 10,
    });
    let Reply::Rollouts { rollouts } = reply else {
        panic!()
    };
    let found: Vec<_> = rollouts
        .iter()
        .map(|it| (it.rollout.as_str(), it.phase, it.finished, it.updated_ms))
        .collect();
    assert_eq!(
        found,
        [
            (
                "shop.production.3",
                Phase::Progressing,
                false,
                1_760_000_020_000
            ),
            ("blog.staging.1", Phase::Healthy, true, 1_760_000_014_000),
            ("shop.production.2", Phase::Aborted, true, 1_760_000_010_000),
            ("shop.production.1", Phase::Healthy, true, 1_760_000_005_000),
        ]
    );
    assert_eq!(rollouts[2].cause.as_deref(), Some("it crashed"));
    assert_eq!(
        rollouts[3].receipt,
        Some(serde_json::json!({"requests": 7}))
    );
    let plan: v1::Plan = rollouts[0].plan.read().unwrap();
    assert_eq!(plan.candidate.artifact, "c".repeat(64));

    let record = rig.record("shop.production.3");
    assert_eq!(
        record.entries,
        [first_entry(1), first_entry(2), first_entry(3)]
    );
    assert_eq!(
        record.settings,
        serde_json::json!({"listen": "127.0.0.1:4000"})
    );
    let Reply::Service {
        current,
        marks,
        unfinished,
        ..
    } = rig.call(Call::Service {
        service: SERVICE.into(),
    })
    else {
        panic!()
    };
    let current = current.unwrap();
    assert_eq!(
        (current.vsn.as_str(), current.at_ms),
        ("1", 1_760_000_004_000)
    );
    assert_eq!(
        (marks[0].artifact.clone(), marks[0].at_ms),
        ("b".repeat(64), 1_760_000_010_000)
    );
    assert_eq!(unfinished.as_deref(), Some("shop.production.3"));
}

#[test]
fn its_lease_its_abort_and_its_journal_go_on() {
    let mut rig = old();
    let Reply::Renewed { requests } = rig.call(Call::Renew {
        service: SERVICE.into(),
        token: 3,
        ttl_ms: 30_000,
    }) else {
        panic!()
    };
    assert_eq!(
        (&requests[0].verb, requests[0].by.as_str()),
        (&Verb::Abort, "bob@lead")
    );
    let rollout = "shop.production.3";
    // An answer that was lost, then the next.
    let entries = vec![first_entry(3), entry(4)];
    assert_eq!(rig.append(3, rollout, entries, under_way()), Reply::Done);
    assert_eq!(rig.record(rollout).entries.len(), 4);
    rig.now_ms += 60_000;
    assert_eq!(rig.acquired(&me()).token, 4);
    assert_eq!(rig.verify().2, None);
}

#[test]
fn a_file_that_cannot_be_brought_up_to_date_is_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    put(&path);
    let connection = Connection::open(&path).unwrap();
    connection
        .execute("UPDATE rollouts SET plan = '{' WHERE number = 2", [])
        .unwrap();
    let error = Ledger::open(&path).unwrap_err();
    assert!(error.to_string().contains("damaged"), "{error}");
    let (version, rollouts): (i64, i64) = connection
        .query_row(
            "SELECT (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM rollouts)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!((version, rollouts), (1, 4));
}
