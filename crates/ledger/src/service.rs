//! What is known of a service: the current version, those before it, and which artifacts are bad.

use rusqlite::{OptionalExtension, params};

use crate::Error;
use crate::ledger::{Stop, Work, from_sql_int, sql_int};
use crate::wire::v1::{Current, CurrentVersion, Mark, NewMark, Reply};

pub(crate) fn read(work: &Work<'_>, service: &str) -> Result<Reply, Stop> {
    let mut query = work
        .sql
        .prepare("SELECT artifact, vsn, rollout, at_ms FROM current WHERE service = ? ORDER BY n DESC LIMIT 50")
        .map_err(work.at("read the history"))?;
    let rows = query
        .query_map(params![service], |row| {
            Ok(Current {
                artifact: row.get(0)?,
                vsn: row.get(1)?,
                rollout: row.get(2)?,
                at_ms: from_sql_int(row.get(3)?),
            })
        })
        .map_err(work.at("read the history"))?;
    let history: Vec<Current> = rows
        .collect::<Result<_, _>>()
        .map_err(work.at("read the history"))?;
    let mut query = work
        .sql
        .prepare("SELECT artifact, why, rollout, at_ms FROM marks WHERE service = ? ORDER BY at_ms DESC, artifact")
        .map_err(work.at("read the marks"))?;
    let rows = query
        .query_map(params![service], |row| {
            Ok(Mark {
                artifact: row.get(0)?,
                why: row.get(1)?,
                rollout: row.get(2)?,
                at_ms: from_sql_int(row.get(3)?),
            })
        })
        .map_err(work.at("read the marks"))?;
    let marks = rows
        .collect::<Result<_, _>>()
        .map_err(work.at("read the marks"))?;
    Ok(Reply::Service {
        current: history.first().cloned(),
        history,
        marks,
        unfinished: unfinished(work, service)?,
        behind: Vec::new(),
    })
}

/// Returns the rollout of the service that is not at its end.
pub(crate) fn unfinished(work: &Work<'_>, service: &str) -> Result<Option<String>, Error> {
    work.sql
        .query_row(
            "SELECT id FROM rollouts WHERE service = ? AND finished = 0",
            params![service],
            |row| row.get(0),
        )
        .optional()
        .map_err(work.at("read a rollout"))
}

pub(crate) fn make_current(
    work: &Work<'_>,
    service: &str,
    rollout: &str,
    version: &CurrentVersion,
) -> Result<(), Error> {
    work.sql
        .execute(
            "INSERT INTO current (service, artifact, vsn, rollout, at_ms) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (service, rollout) DO NOTHING",
            params![
                service,
                version.artifact,
                version.vsn,
                rollout,
                sql_int(work.now_ms)
            ],
        )
        .map(|_| ())
        .map_err(work.at("write the current version"))
}

pub(crate) fn mark(
    work: &Work<'_>,
    service: &str,
    rollout: &str,
    mark: &NewMark,
) -> Result<(), Error> {
    work.sql
        .execute(
            "INSERT INTO marks (service, artifact, why, rollout, at_ms) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (service, artifact) DO UPDATE SET why = excluded.why, rollout = excluded.rollout,
                at_ms = excluded.at_ms",
            params![service, mark.artifact, mark.why, rollout, sql_int(work.now_ms)],
        )
        .map(|_| ())
        .map_err(work.at("mark an artifact"))
}

pub(crate) fn unmark(work: &Work<'_>, service: &str, artifact: &str) -> Result<(), Stop> {
    work.sql
        .execute(
            "DELETE FROM marks WHERE service = ? AND artifact = ?",
            params![service, artifact],
        )
        .map_err(work.at("take a mark off"))?;
    Ok(())
}
