//! What is known of a service: the current version, those before it, which artifacts are bad, and which
//! hosts are behind.

use rusqlite::{OptionalExtension, params};

use crate::Error;
use crate::wire::v1::{Current, LeftBehind, Mark, Reply};
use crate::work::{Stop, Work, from_sql_int};

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
        behind: behind(work, service)?,
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

fn behind(work: &Work<'_>, service: &str) -> Result<Vec<LeftBehind>, Error> {
    let mut query = work
        .sql
        .prepare("SELECT host, why, rollout, at_ms FROM behind WHERE service = ? ORDER BY host")
        .map_err(work.at("read the hosts behind"))?;
    let rows = query
        .query_map(params![service], |row| {
            Ok(LeftBehind {
                host: row.get(0)?,
                why: row.get(1)?,
                rollout: row.get(2)?,
                at_ms: from_sql_int(row.get(3)?),
            })
        })
        .map_err(work.at("read the hosts behind"))?;
    rows.collect::<Result<_, _>>()
        .map_err(work.at("read the hosts behind"))
}
