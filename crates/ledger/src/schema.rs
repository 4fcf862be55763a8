//! The tables, and how an older file is brought up to date.

mod chained;

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::Error;
use crate::work::Work;

/// The schema that this program writes.
const KNOWN: i64 = 2;

/// Schema 1: what was true was written into the tables themselves.
const FIRST: &str = "
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
";

/// Brings the tables up to date, all or nothing.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let sql = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(Error::at("begin", path))?;
    let mut work = Work {
        sql,
        path,
        now_ms: 0,
    };
    let found: i64 = work
        .sql
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(work.at("read the schema"))?;
    match found {
        0 => {
            work.sql
                .execute_batch(FIRST)
                .map_err(work.at("make the tables"))?;
            chained::migrate(&mut work)?;
        }
        1 => chained::migrate(&mut work)?,
        KNOWN => {}
        found if found > KNOWN => {
            return Err(Error::Newer {
                path: path.into(),
                found,
                known: KNOWN,
            });
        }
        found => return Err(work.damaged(format!("schema {found} cannot be"))),
    }
    work.sql
        .pragma_update(None, "user_version", KNOWN)
        .map_err(work.at("change the schema"))?;
    work.sql
        .commit()
        .map_err(Error::at("change the schema", path))
}
