//! What was written is there, or the ledger says what is not.

use ledger::wire::v1::{Broken, Call, Refusal, Reply};
use rusqlite::Connection;

use crate::rig::{Rig, entry, me, plan, refusal, under_way};

const OTHER: &str = "blog.staging";

/// A rollout of five entries, and one of another service after it.
fn filled() -> (Rig, u64, String) {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun();
    for seq in 1..=5 {
        rig.append(token, &rollout, vec![entry(seq)], under_way());
    }
    let (other, blog) = rig.begun_of(OTHER, plan());
    rig.append(other, &blog, vec![entry(1)], under_way());
    assert_eq!(rig.verify().2, None);
    (rig, token, rollout)
}

/// Changes the file behind the ledger's back.
fn tamper(rig: &Rig, sql: &str) {
    let connection = Connection::open(rig.dir.path().join("ledger.db")).unwrap();
    connection
        .execute_batch(
            "DROP TRIGGER IF EXISTS records_stay; DROP TRIGGER IF EXISTS records_remain;",
        )
        .unwrap();
    connection.execute_batch(sql).unwrap();
}

fn place(broken: Option<Broken>) -> (Option<String>, Option<u64>, String) {
    let broken = broken.expect("damage");
    (broken.rollout, broken.seq, broken.what)
}

#[test]
fn the_head_moves_with_each_record_and_says_the_same_again() {
    let (mut rig, token, rollout) = filled();
    let (records, head, _) = rig.verify();
    assert_eq!((head.len(), rig.verify().1), (64, head.clone()));
    rig.append(token, &rollout, vec![entry(6)], under_way());
    let (more, moved, broken) = rig.verify();
    assert_eq!((more, broken), (records + 1, None));
    assert_ne!(moved, head);
    rig.reopen();
    assert_eq!(rig.verify(), (more, moved, None));
}

#[test]
fn no_record_can_be_changed_or_removed_by_accident() {
    let (rig, ..) = filled();
    let connection = Connection::open(rig.dir.path().join("ledger.db")).unwrap();
    for sql in [
        "UPDATE records SET text = '{}' WHERE seq = 2",
        "DELETE FROM records WHERE seq = 2",
    ] {
        let error = connection.execute(sql, []).unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
}

#[test]
fn a_changed_missing_or_reordered_entry_is_told_and_its_rollout_takes_no_more() {
    let of = "rollout = 'shop.production.1' AND";
    let cases = [
        (
            3,
            format!("UPDATE records SET text = replace(text, 'wake', 'walk') WHERE {of} seq = 3"),
        ),
        (2, format!("DELETE FROM records WHERE {of} seq = 2")),
        (5, format!("DELETE FROM records WHERE {of} seq = 5")),
        (
            2,
            format!(
                "CREATE TEMP TABLE two AS SELECT n, text FROM records WHERE {of} seq IN (2, 3);
                 UPDATE records SET text = (SELECT text FROM two WHERE two.n <> records.n)
                 WHERE n IN (SELECT n FROM two)"
            ),
        ),
        (
            4,
            format!("UPDATE records SET prev = zeroblob(32) WHERE {of} seq = 4"),
        ),
        (
            4,
            format!("UPDATE records SET hash = zeroblob(32) WHERE {of} seq = 4"),
        ),
        (
            2,
            format!(
                "UPDATE records SET seq = 99 WHERE {of} seq = 2;
                 UPDATE records SET seq = 2 WHERE {of} seq = 3;
                 UPDATE records SET seq = 3 WHERE {of} seq = 99"
            ),
        ),
    ];
    for (seq, sql) in cases {
        let (mut rig, token, rollout) = filled();
        tamper(&rig, &sql);
        let (told, entry_told, what) = place(rig.verify().2);
        assert_eq!(
            (told.as_deref(), entry_told),
            (Some(&*rollout), Some(seq)),
            "{what} after {sql}"
        );
        for _ in 0..2 {
            let reply = rig.append(token, &rollout, vec![entry(6)], under_way());
            let Reply::Refused {
                kind: Refusal::Damaged,
                message,
            } = reply
            else {
                panic!("{reply:?} after {sql}")
            };
            assert!(
                message.contains(&format!("entry {seq} of {rollout}"))
                    && message.contains("backup"),
                "{message}"
            );
            // The next process finds it as well.
            rig.reopen();
        }
        let record = rig.record(&rollout);
        assert_eq!(record.entries.len() as u64, seq - 1, "{sql}");
        assert_eq!(record.broken.and_then(|it| it.seq), Some(seq), "{sql}");
    }
}

#[test]
fn damage_to_one_rollout_leaves_the_others_at_work() {
    let (mut rig, ..) = filled();
    tamper(
        &rig,
        "UPDATE records SET text = '{' WHERE rollout = 'shop.production.1' AND seq IS NULL",
    );
    rig.reopen();
    let known: Vec<_> = rig.ledger.broken().cloned().collect();
    assert_eq!(known[0].rollout.as_deref(), Some("shop.production.1"));
    let token = rig.acquired_of(OTHER, &me()).token;
    assert_eq!(
        rig.append(token, "blog.staging.1", vec![entry(2)], under_way()),
        Reply::Done
    );
    // It still answers, of the damaged rollout too.
    let reply = rig.call(Call::Rollouts {
        service: None,
        limit: 10,
    });
    assert!(matches!(reply, Reply::Rollouts { rollouts } if rollouts.len() == 2));
    assert!(rig.record("shop.production.1").broken.is_some());
    assert!(rig.record("blog.staging.1").broken.is_none());
}

#[test]
fn a_record_replaced_with_a_hash_that_fits_is_told_by_the_next_one() {
    let (mut rig, ..) = filled();
    let forged = {
        // The same ledger, but for one entry.
        let mut forger = Rig::new();
        let (token, rollout) = forger.begun();
        for seq in 1..=5 {
            let mut entry = entry(seq);
            if seq == 3 {
                entry.at_ms += 1;
            }
            forger.append(token, &rollout, vec![entry], under_way());
        }
        forger.reopen();
        forger
    };
    let path = forged.dir.path().join("ledger.db");
    tamper(
        &rig,
        &format!(
            "ATTACH '{}' AS forged;
             UPDATE records SET (text, prev, hash) =
                (SELECT text, prev, hash FROM forged.records f WHERE f.n = records.n)
             WHERE rollout = 'shop.production.1' AND seq = 3",
            path.display()
        ),
    );
    let (rollout, seq, what) = place(rig.verify().2);
    assert_eq!(
        (rollout.as_deref(), seq),
        (Some("shop.production.1"), Some(3)),
        "{what}"
    );
    assert!(what.contains("next record"), "{what}");
}

#[test]
fn a_table_that_does_not_follow_from_the_records_is_told() {
    for (sql, table) in [
        (
            "UPDATE rollouts SET finished = 1 WHERE id = 'shop.production.1'",
            "rollouts",
        ),
        (
            "INSERT INTO marks VALUES ('shop.production', 'x', 'y', 'shop.production.1', 1)",
            "marks",
        ),
    ] {
        let (mut rig, token, rollout) = filled();
        tamper(&rig, sql);
        let (told, _, what) = place(rig.verify().2);
        assert_eq!(told.as_deref(), Some(&*rollout));
        assert!(what.contains(table), "{what}");
        let reply = rig.append(token, &rollout, vec![entry(6)], under_way());
        assert_eq!(refusal(reply), Refusal::Damaged);
    }
}

#[test]
fn a_record_outside_of_any_rollout_is_told_too() {
    let mut rig = Rig::new();
    rig.call(Call::Freeze {
        environment: "production".into(),
        until_ms: 9_000_000,
        why: "the holidays".into(),
        by: "ada@lead".into(),
    });
    rig.begun_of(OTHER, plan());
    tamper(
        &rig,
        "UPDATE records SET text = replace(text, '9000000', '1')",
    );
    assert_eq!(place(rig.verify().2).0, None);
}

#[test]
fn a_long_chain_is_checked_from_where_it_was_found_whole() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun();
    for chunk in 0..12 {
        let entries = (1..=100).map(|i| entry(chunk * 100 + i)).collect();
        rig.append(token, &rollout, entries, under_way());
    }
    rig.reopen();
    assert_eq!(rig.ledger.broken().count(), 0);
    // Before that place the opening does not look; whoever reads or adds to the journal does.
    tamper(
        &rig,
        "UPDATE records SET text = replace(text, 'wake', 'walk') WHERE seq = 7",
    );
    rig.reopen();
    assert_eq!(rig.ledger.broken().count(), 0);
    let reply = rig.append(token, &rollout, vec![entry(1201)], under_way());
    assert_eq!(refusal(reply), Refusal::Damaged);
    // After it, it does.
    tamper(
        &rig,
        "UPDATE records SET text = replace(text, 'wake', 'walk') WHERE seq = 1199",
    );
    rig.reopen();
    assert_eq!(rig.ledger.broken().next().and_then(|it| it.seq), Some(1199));
}
