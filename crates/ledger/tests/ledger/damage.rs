//! A file cut or altered anywhere is reported, or has lost no more than its tail; never a panic.

use std::fs;
use std::path::Path;

use ledger::wire::v1::{Call, Record, Refusal, Reply};
use ledger::{Error, Ledger};

use crate::rig::{Rig, entry, me, under_way};

/// Makes a ledger with a journal of twenty entries, and copies its files as a crash would leave them:
/// some in the database, some in the write-ahead log.
fn filled() -> (Vec<u8>, Vec<u8>) {
    let mut rig = Rig::new();
    let token = rig.acquired(&me()).token;
    rig.begin(token);
    for seq in 1..=10 {
        assert_eq!(
            rig.append(token, "shop.production.1", vec![entry(seq)], under_way()),
            Reply::Done
        );
    }
    let path = rig.dir.path().join("ledger.db");
    // The last connection to close moves the log into the database.
    rig.ledger = Ledger::open(&rig.dir.path().join("other.db")).unwrap();
    rig.ledger = Ledger::open(&path).unwrap();
    for seq in 11..=20 {
        assert_eq!(
            rig.append(token, "shop.production.1", vec![entry(seq)], under_way()),
            Reply::Done
        );
    }
    let db = fs::read(&path).unwrap();
    let wal = fs::read(rig.dir.path().join("ledger.db-wal")).unwrap();
    assert!(!wal.is_empty());
    (db, wal)
}

fn put(path: &Path, bytes: &[u8]) {
    sys::file::write_atomic(path, bytes, sys::file::Access::Private).unwrap();
}

/// Opens what is left and returns how many entries it has, or the error.
fn survivors(db: &[u8], wal: &[u8]) -> Result<usize, String> {
    read(db, wal).map(|record| record.map_or(0, |record| record.entries.len()))
}

/// Opens what is left and returns the rollout, if it is there, or the error.
fn read(db: &[u8], wal: &[u8]) -> Result<Option<Record>, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    put(&path, db);
    put(&dir.path().join("ledger.db-wal"), wal);
    let mut ledger = match Ledger::open(&path) {
        Ok(ledger) => ledger,
        Err(error) => {
            assert!(error.to_string().contains("ledger.db"), "{error}");
            return Err(error.to_string());
        }
    };
    match ledger.handle(
        Call::Rollout {
            rollout: "shop.production.1".into(),
            after: None,
        },
        1,
    ) {
        Reply::Rollout {
            rollout: Some(record),
        } => {
            assert!(
                record
                    .entries
                    .iter()
                    .enumerate()
                    .all(|(i, found)| *found == entry(i as u64 + 1))
            );
            Ok(Some(*record))
        }
        Reply::Rollout { rollout: None } => Ok(None),
        Reply::Refused {
            kind: Refusal::Storage,
            message,
        } => {
            assert!(message.contains("ledger.db"), "{message}");
            Err(message)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_log_cut_anywhere_loses_its_tail_only() {
    let (db, wal) = filled();
    assert_eq!(survivors(&db, &wal), Ok(20));
    let mut last = 10;
    for cut in (0..wal.len()).step_by(997) {
        let found = survivors(&db, &wal[..cut]).unwrap();
        assert!(found >= last, "{found} after {last} at {cut}");
        last = found;
    }
    assert!(last > 10);
}

#[test]
fn a_database_cut_anywhere_is_reported() {
    let (db, _) = filled();
    for cut in (1..db.len()).step_by(509) {
        match survivors(&db[..cut], &[]) {
            Err(error) => assert!(error.contains("damaged"), "{error}"),
            // The last page belongs to an empty table: its unused end may be missing.
            Ok(found) => assert_eq!((found, db.len() - cut < 4096), (10, true), "cut at {cut}"),
        }
    }
    // No file at all is a new ledger.
    assert_eq!(survivors(&[], &[]), Ok(0));
}

#[test]
fn altered_bytes_are_reported_or_harmless() {
    let (db, wal) = filled();
    for at in (0..db.len()).step_by(211) {
        let mut altered = db.clone();
        altered[at] ^= 0x5a;
        // Free space and page tails may change unseen; what is read is what was written, or damage is told.
        let found = std::panic::catch_unwind(|| read(&altered, &wal))
            .unwrap_or_else(|_| panic!("a panic at byte {at}"));
        if let Ok(Some(record)) = found
            && record.entries.len() < 20
        {
            assert!(record.broken.is_some(), "nothing is told of byte {at}");
        }
    }
    assert!(
        survivors(
            b"this is no database, but it is long enough to look at its first bytes",
            &[]
        )
        .is_err()
    );
}

#[test]
fn a_file_of_a_later_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    drop(Ledger::open(&path).unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = Ledger::open(&path).unwrap_err();
    assert!(matches!(error, Error::Newer { found: 99, .. }), "{error}");
}
