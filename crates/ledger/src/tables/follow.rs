//! What follows from each record: the only code that writes the tables.

use rusqlite::{Connection, params};

use super::Stamp;
use crate::REQUEST_LASTS_MS;
use crate::fact::{Begun, Fact};
use crate::wire::v1::{Outcome, Requested};
use crate::work::sql_int;

type Done = rusqlite::Result<()>;

/// Draws what follows from an entry of a journal.
pub(crate) fn follow_entry(sql: &Connection, stamp: &Stamp<'_>, seq: u64) -> Done {
    sql.prepare_cached("UPDATE rollouts SET last_seq = ?, updated_ms = ? WHERE id = ?")?
        .execute(params![sql_int(seq), sql_int(stamp.at_ms), stamp.rollout])
        .map(|_| ())
}

/// Draws what follows from a fact.
pub(crate) fn follow(sql: &Connection, stamp: &Stamp<'_>, fact: &Fact) -> Done {
    match fact {
        Fact::Begun(begun) => follow_begun(sql, stamp, begun),
        Fact::Outcome(outcome) => follow_outcome(sql, stamp, outcome),
        Fact::Requested { service, request } => follow_requested(sql, stamp, service, request),
        Fact::Taken { ids } => ids.iter().try_for_each(|id| {
            sql.execute("DELETE FROM requests WHERE id = ?", [sql_int(*id)])
                .map(|_| ())
        }),
        Fact::Frozen(freeze) => {
            sql.execute(
                "DELETE FROM freezes WHERE until_ms <= ?",
                [sql_int(freeze.since_ms)],
            )?;
            sql.execute(
                "INSERT INTO freezes (id, environment, until_ms, why, by, since_ms) VALUES (?, ?, ?, ?, ?, ?)",
                params![
                    sql_int(freeze.id),
                    freeze.environment,
                    sql_int(freeze.until_ms),
                    freeze.why,
                    freeze.by,
                    sql_int(freeze.since_ms)
                ],
            )
            .map(|_| ())
        }
        Fact::Thawed { ids, .. } => ids.iter().try_for_each(|id| {
            sql.execute("DELETE FROM freezes WHERE id = ?", [sql_int(*id)])
                .map(|_| ())
        }),
    }
}

fn follow_begun(sql: &Connection, stamp: &Stamp<'_>, begun: &Begun) -> Done {
    sql.execute(
        "INSERT INTO rollouts (id, service, environment, number, token, begun, hosts, by, began_ms, updated_ms,
            last_seq, phase, finished) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, 0, '\"planned\"', 0)",
        params![
            stamp.rollout,
            begun.service,
            begun.environment,
            sql_int(begun.number),
            sql_int(begun.token),
            sql_int(stamp.n),
            json(&begun.hosts())?,
            begun.by,
            sql_int(stamp.at_ms),
        ],
    )
    .map(|_| ())
}

fn follow_requested(
    sql: &Connection,
    stamp: &Stamp<'_>,
    service: &str,
    request: &Requested,
) -> Done {
    sql.execute(
        "DELETE FROM requests WHERE rollout = ? AND at_ms <= ?",
        params![
            stamp.rollout,
            sql_int(stamp.at_ms.saturating_sub(REQUEST_LASTS_MS))
        ],
    )?;
    sql.execute(
        "INSERT INTO requests (id, rollout, service, verb, by, why, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
        params![
            sql_int(request.id),
            stamp.rollout,
            service,
            json(&request.verb)?,
            request.by,
            request.why,
            sql_int(request.at_ms)
        ],
    )
    .map(|_| ())
}

fn follow_outcome(sql: &Connection, stamp: &Stamp<'_>, outcome: &Outcome) -> Done {
    let rollout = stamp.rollout;
    let at_ms = sql_int(stamp.at_ms);
    let receipt = outcome.receipt.as_ref().map(ToString::to_string);
    sql.execute(
        "UPDATE rollouts SET phase = ?, finished = max(finished, ?), cause = ?, updated_ms = ?,
            receipt = coalesce(?, receipt), outcome = ? WHERE id = ?",
        params![
            json(&outcome.phase)?,
            outcome.finished,
            outcome.cause,
            at_ms,
            receipt,
            digest(outcome)?,
            rollout
        ],
    )?;
    let service: String = sql.query_row(
        "SELECT service FROM rollouts WHERE id = ?",
        [rollout],
        |row| row.get(0),
    )?;
    if let Some(current) = &outcome.current {
        sql.execute(
            "INSERT INTO current (n, service, artifact, vsn, rollout, at_ms) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (service, rollout) DO NOTHING",
            params![sql_int(stamp.n), service, current.artifact, current.vsn, rollout, at_ms],
        )?;
        // What a decision made the version in service is not bad any more, and its hosts have it.
        sql.execute(
            "DELETE FROM marks WHERE service = ? AND artifact = ?",
            params![service, current.artifact],
        )?;
        sql.execute(
            "DELETE FROM behind WHERE service = ?1 AND host IN
                (SELECT value FROM json_each((SELECT hosts FROM rollouts WHERE id = ?2)))
             AND rollout <> ?2",
            params![service, rollout],
        )?;
    }
    for mark in &outcome.marks {
        sql.execute(
            "INSERT INTO marks (service, artifact, why, rollout, at_ms) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (service, artifact) DO UPDATE SET why = excluded.why, rollout = excluded.rollout,
                at_ms = excluded.at_ms",
            params![service, mark.artifact, mark.why, rollout, at_ms],
        )?;
    }
    let hosts: Vec<&str> = outcome.behind.iter().map(|it| it.host.as_str()).collect();
    sql.execute(
        "DELETE FROM behind WHERE rollout = ? AND host NOT IN (SELECT value FROM json_each(?))",
        params![rollout, json(&hosts)?],
    )?;
    for behind in &outcome.behind {
        sql.execute(
            "INSERT INTO behind (service, host, why, rollout, at_ms) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (service, host) DO UPDATE SET why = excluded.why, rollout = excluded.rollout,
                at_ms = CASE WHEN rollout = excluded.rollout THEN at_ms ELSE excluded.at_ms END",
            params![service, behind.host, behind.why, rollout, at_ms],
        )?;
    }
    if outcome.finished {
        sql.execute("DELETE FROM requests WHERE rollout = ?", [rollout])?;
    }
    Ok(())
}

/// The hash by which an outcome that says nothing new is known.
pub(crate) fn digest(outcome: &Outcome) -> rusqlite::Result<String> {
    let mut value = serde_json::to_value(outcome).map_err(unwritten)?;
    value.sort_all_objects();
    Ok(blake3::hash(value.to_string().as_bytes())
        .to_hex()
        .to_string())
}

fn json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(unwritten)
}

fn unwritten(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}
