//! The tables, and how an older file is brought up to date.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::Error;

/// Each entry brings a file from the version of its index to the next.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE leases (
        service    TEXT PRIMARY KEY,
        token      INTEGER NOT NULL,      -- the highest ever given, kept after release: never reused
        holder     TEXT,                  -- JSON of wire::v1::Holder; NULL where it is free
        since_ms   INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL,
        abort_by   TEXT,                  -- who asked the holder to abort
        broken_by  TEXT                   -- who took the lease away by force
    ) STRICT;
    CREATE TABLE rollouts (
        id         TEXT PRIMARY KEY,      -- service.environment.N
        service    TEXT NOT NULL,
        number     INTEGER NOT NULL,
        token      INTEGER NOT NULL,      -- of the lease it began under
        plan       TEXT NOT NULL,         -- JSON of rollout::journal::v1::Plan
        settings   TEXT NOT NULL,         -- JSON, the coordinator's own
        by         TEXT NOT NULL,
        began_ms   INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL,
        phase      TEXT NOT NULL,         -- JSON of rollout::journal::v1::Phase
        finished   INTEGER NOT NULL,
        cause      TEXT,
        receipt    TEXT,                  -- JSON, the coordinator's own
        UNIQUE (service, number),
        UNIQUE (service, token)
    ) STRICT;
    CREATE UNIQUE INDEX one_unfinished ON rollouts (service) WHERE finished = 0;
    CREATE TABLE entries (
        rollout TEXT NOT NULL REFERENCES rollouts (id),
        seq     INTEGER NOT NULL,
        entry   TEXT NOT NULL,            -- JSON of rollout::journal::v1::Entry
        PRIMARY KEY (rollout, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TABLE current (
        n        INTEGER PRIMARY KEY,
        service  TEXT NOT NULL,
        artifact TEXT NOT NULL,
        vsn      TEXT NOT NULL,
        rollout  TEXT NOT NULL,
        at_ms    INTEGER NOT NULL,
        UNIQUE (service, rollout)
    ) STRICT;
    CREATE TABLE marks (
        service  TEXT NOT NULL,
        artifact TEXT NOT NULL,
        why      TEXT NOT NULL,
        rollout  TEXT NOT NULL,
        at_ms    INTEGER NOT NULL,
        PRIMARY KEY (service, artifact)
    ) STRICT;
"];

/// Brings the tables up to date, all or nothing.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let known = MIGRATIONS.len() as i64;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(Error::at("begin", path))?;
    let found: i64 = transaction
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(Error::at("read the schema", path))?;
    if found > known {
        return Err(Error::Newer {
            path: path.into(),
            found,
            known,
        });
    }
    let done = usize::try_from(found).map_err(|_| Error::Damaged {
        path: path.into(),
        detail: format!("schema {found} cannot be"),
    })?;
    for migration in &MIGRATIONS[done..] {
        transaction
            .execute_batch(migration)
            .map_err(Error::at("change the schema", path))?;
    }
    transaction
        .pragma_update(None, "user_version", known)
        .map_err(Error::at("change the schema", path))?;
    transaction
        .commit()
        .map_err(Error::at("change the schema", path))
}
