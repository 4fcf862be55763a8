//! From schema 1 to 2: what was true becomes records of a chain, and the tables follow from it.

use rusqlite::params;

use crate::Error;
use crate::chain;
use crate::environment::environment_of;
use crate::fact::{Begun, Fact};
use crate::tables;
use crate::wire::v1::{CurrentVersion, NewMark, Outcome, Requested, Verb};
use crate::work::{Work, from_sql_int};

const ASIDE: &str = "
    ALTER TABLE rollouts RENAME TO old_rollouts;
    ALTER TABLE entries RENAME TO old_entries;
    ALTER TABLE current RENAME TO old_current;
    ALTER TABLE marks RENAME TO old_marks;
    DROP INDEX one_unfinished;
";

const CHAIN: &str = "
    CREATE TABLE records (
        n       INTEGER PRIMARY KEY,
        at_ms   INTEGER NOT NULL,
        rollout TEXT,                     -- the one that it belongs to
        seq     INTEGER,                  -- of the entry, where it is one of a journal
        text    TEXT NOT NULL,            -- JSON: the entry, or else a fact::Fact
        prev    BLOB NOT NULL,            -- the hash of the record before
        hash    BLOB NOT NULL             -- BLAKE3 of prev and of all that is above
    ) STRICT;
    CREATE UNIQUE INDEX records_of ON records (rollout, n);
    CREATE UNIQUE INDEX entries_of ON records (rollout, seq) WHERE seq IS NOT NULL;
    CREATE TRIGGER records_stay BEFORE UPDATE ON records
        BEGIN SELECT RAISE(ABORT, 'the chain is append-only'); END;
    CREATE TRIGGER records_remain BEFORE DELETE ON records
        BEGIN SELECT RAISE(ABORT, 'the chain is append-only'); END;
    CREATE TABLE anchors (
        name TEXT PRIMARY KEY,            -- head: the last record; checked: found whole up to there
        n    INTEGER NOT NULL,
        hash BLOB NOT NULL
    ) STRICT;
    INSERT INTO anchors VALUES ('head', 0, zeroblob(32)), ('checked', 0, zeroblob(32));
";

const AWAY: &str = "
    DROP TABLE old_entries;
    DROP TABLE old_current;
    DROP TABLE old_marks;
    DROP TABLE old_rollouts;
    ALTER TABLE leases DROP COLUMN abort_by;
";

/// What schema 1 had of a rollout, apart from its journal.
struct Old {
    id: String,
    begun: (String, u64, u64, String, String, String),
    began_ms: u64,
    updated_ms: u64,
    phase: String,
    finished: bool,
    cause: Option<String>,
    receipt: Option<String>,
}

pub(super) fn migrate(work: &mut Work<'_>) -> Result<(), Error> {
    let operation = "change the schema";
    for step in [ASIDE, CHAIN, tables::MAKE] {
        work.sql.execute_batch(step).map_err(work.at(operation))?;
    }
    for old in rollouts(work)? {
        carry_over(work, &old)?;
    }
    carry_aborts_over(work)?;
    work.sql.execute_batch(AWAY).map_err(work.at(operation))
}

fn carry_over(work: &mut Work<'_>, old: &Old) -> Result<(), Error> {
    let (service, number, token, plan, settings, by) = &old.begun;
    let environment = environment_of(service).unwrap_or_default().to_owned();
    let begun = Begun {
        service: service.clone(),
        environment,
        number: *number,
        token: *token,
        plan: work.json("the plan of a rollout", plan)?,
        settings: work.json("the settings of a rollout", settings)?,
        by: by.clone(),
        despite_freeze: None,
    };
    work.now_ms = old.began_ms;
    chain::record(work, Some(&old.id), &Fact::Begun(begun))?;
    work.now_ms = old.updated_ms;
    for (i, (seq, text)) in entries(work, &old.id)?.into_iter().enumerate() {
        if seq != i as u64 + 1 {
            let detail = format!("the journal of {} has a gap before entry {seq}", old.id);
            return Err(work.damaged(detail));
        }
        // As it was: its bytes are what the chain holds from now on.
        chain::entry(work, &old.id, seq, text)?;
    }
    let receipt = old.receipt.as_deref();
    let now = Outcome {
        phase: work.json("the phase of a rollout", &old.phase)?,
        finished: old.finished,
        cause: old.cause.clone(),
        current: None,
        marks: Vec::new(),
        receipt: receipt.map(|it| work.json("a receipt", it)).transpose()?,
        behind: Vec::new(),
    };
    for (at_ms, current) in current(work, &old.id)? {
        work.now_ms = at_ms;
        let current = Some(current);
        let outcome = Outcome {
            current,
            ..now.clone()
        };
        chain::record(work, Some(&old.id), &Fact::Outcome(outcome))?;
    }
    for (at_ms, mark) in marks(work, &old.id)? {
        work.now_ms = at_ms;
        let marks = vec![mark];
        let outcome = Outcome {
            marks,
            ..now.clone()
        };
        chain::record(work, Some(&old.id), &Fact::Outcome(outcome))?;
    }
    work.now_ms = old.updated_ms;
    chain::record(work, Some(&old.id), &Fact::Outcome(now))
}

/// An abort that was asked for and not yet seen is asked for still.
fn carry_aborts_over(work: &mut Work<'_>) -> Result<(), Error> {
    let wanted = rows(
        work,
        "SELECT r.id, r.service, l.abort_by, r.updated_ms FROM leases l
         JOIN rollouts r ON r.service = l.service AND r.finished = 0
         WHERE l.abort_by IS NOT NULL AND l.holder IS NOT NULL",
        None,
        |row| {
            let at_ms = from_sql_int(row.get(3)?);
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, at_ms))
        },
    )?;
    for (rollout, service, by, at_ms) in wanted {
        work.now_ms = at_ms;
        let request = Requested {
            id: chain::next(work)?,
            verb: Verb::Abort,
            by,
            why: None,
            at_ms,
        };
        let fact = Fact::Requested { service, request };
        chain::record(work, Some(&rollout), &fact)?;
    }
    Ok(())
}

fn rollouts(work: &Work<'_>) -> Result<Vec<Old>, Error> {
    rows(
        work,
        "SELECT id, service, number, token, plan, settings, by, began_ms, updated_ms, phase, finished, cause,
            receipt FROM old_rollouts ORDER BY began_ms, number",
        None,
        |row| {
            Ok(Old {
                id: row.get(0)?,
                begun: (
                    row.get(1)?,
                    from_sql_int(row.get(2)?),
                    from_sql_int(row.get(3)?),
                    row.get(4)?,
                    row.get(5)?,
                    row.get(6)?,
                ),
                began_ms: from_sql_int(row.get(7)?),
                updated_ms: from_sql_int(row.get(8)?),
                phase: row.get(9)?,
                finished: row.get(10)?,
                cause: row.get(11)?,
                receipt: row.get(12)?,
            })
        },
    )
}

fn entries(work: &Work<'_>, rollout: &str) -> Result<Vec<(u64, String)>, Error> {
    let sql = "SELECT seq, entry FROM old_entries WHERE rollout = ? ORDER BY seq";
    rows(work, sql, Some(rollout), |row| {
        Ok((from_sql_int(row.get(0)?), row.get(1)?))
    })
}

fn current(work: &Work<'_>, rollout: &str) -> Result<Vec<(u64, CurrentVersion)>, Error> {
    let sql = "SELECT at_ms, artifact, vsn FROM old_current WHERE rollout = ?";
    rows(work, sql, Some(rollout), |row| {
        let (artifact, vsn) = (row.get(1)?, row.get(2)?);
        Ok((from_sql_int(row.get(0)?), CurrentVersion { artifact, vsn }))
    })
}

fn marks(work: &Work<'_>, rollout: &str) -> Result<Vec<(u64, NewMark)>, Error> {
    let sql =
        "SELECT at_ms, artifact, why FROM old_marks WHERE rollout = ? ORDER BY at_ms, artifact";
    rows(work, sql, Some(rollout), |row| {
        let (artifact, why) = (row.get(1)?, row.get(2)?);
        Ok((from_sql_int(row.get(0)?), NewMark { artifact, why }))
    })
}

fn rows<T>(
    work: &Work<'_>,
    sql: &str,
    rollout: Option<&str>,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, Error> {
    let mut query = work.sql.prepare(sql).map_err(work.at("read schema 1"))?;
    let found = match rollout {
        Some(rollout) => query.query_map(params![rollout], read),
        None => query.query_map([], read),
    };
    found
        .map_err(work.at("read schema 1"))?
        .collect::<Result<_, _>>()
        .map_err(work.at("read schema 1"))
}
