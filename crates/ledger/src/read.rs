//! Rollouts and their journals, read.

use rusqlite::{OptionalExtension, params};

use crate::Error;
use crate::check::{self, Part, Soundness};
use crate::fact::Fact;
use crate::wire::v1::{Document, Record, Reply, Summary};
use crate::work::{Stop, Work, from_sql_int};

const SUMMARY: &str =
    "SELECT r.id, r.service, b.text, r.by, r.began_ms, r.updated_ms, r.phase, r.finished, r.cause,
    r.receipt FROM rollouts r LEFT JOIN records b ON b.n = r.begun";

pub(crate) fn rollout(
    work: &Work<'_>,
    soundness: &mut Soundness,
    rollout: &str,
    after: Option<u64>,
) -> Result<Reply, Stop> {
    let columns = work
        .sql
        .query_row(&format!("{SUMMARY} WHERE r.id = ?"), [rollout], columns)
        .optional()
        .map_err(work.at("read a rollout"))?;
    let Some(columns) = columns else {
        return Ok(Reply::Rollout { rollout: None });
    };
    let part = after.map_or(Part::Whole, Part::After);
    let journal = check::load(work, rollout, part)?;
    soundness.learn(journal.broken.as_slice());
    let record = Record {
        summary: columns.summary(work)?,
        settings: journal
            .begun
            .map_or(serde_json::Value::Null, |begun| begun.settings),
        entries: journal.entries,
        more: journal.more,
        broken: journal.broken,
    };
    Ok(Reply::Rollout {
        rollout: Some(Box::new(record)),
    })
}

pub(crate) fn list(work: &Work<'_>, service: Option<&str>, limit: u32) -> Result<Reply, Stop> {
    let sql = format!(
        "{SUMMARY} WHERE ?1 IS NULL OR r.service = ?1 ORDER BY r.began_ms DESC, r.number DESC LIMIT ?2"
    );
    let mut query = work.sql.prepare(&sql).map_err(work.at("list rollouts"))?;
    let rows = query
        .query_map(params![service, limit.min(1000)], columns)
        .map_err(work.at("list rollouts"))?;
    let mut rollouts = Vec::new();
    for row in rows {
        rollouts.push(row.map_err(work.at("list rollouts"))?.summary(work)?);
    }
    Ok(Reply::Rollouts { rollouts })
}

/// A row as SQLite has it.
struct Columns {
    rollout: String,
    service: String,
    begun: Option<Vec<u8>>,
    by: String,
    began_ms: u64,
    updated_ms: u64,
    phase: String,
    finished: bool,
    cause: Option<String>,
    receipt: Option<String>,
}

fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    Ok(Columns {
        rollout: row.get(0)?,
        service: row.get(1)?,
        begun: row.get_ref(2)?.as_bytes_or_null()?.map(<[u8]>::to_vec),
        by: row.get(3)?,
        began_ms: from_sql_int(row.get(4)?),
        updated_ms: from_sql_int(row.get(5)?),
        phase: row.get(6)?,
        finished: row.get(7)?,
        cause: row.get(8)?,
        receipt: row.get(9)?,
    })
}

impl Columns {
    fn summary(self, work: &Work<'_>) -> Result<Summary, Error> {
        let begun = self.begun.unwrap_or_default();
        let (plan, despite) = match serde_json::from_slice(&begun) {
            Ok(Fact::Begun(begun)) => (begun.plan, begun.despite_freeze),
            _ => (Document::unreadable(), None),
        };
        Ok(Summary {
            plan,
            phase: work.json("the phase of a rollout", &self.phase)?,
            receipt: self
                .receipt
                .map(|receipt| work.json("a receipt", &receipt))
                .transpose()?,
            rollout: self.rollout,
            service: self.service,
            by: self.by,
            began_ms: self.began_ms,
            updated_ms: self.updated_ms,
            finished: self.finished,
            cause: self.cause,
            // Said without need, it overrode nothing.
            despite_freeze: despite.filter(|it| !it.freezes.is_empty()).map(|it| it.why),
        })
    }
}
