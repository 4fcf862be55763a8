//! Rollouts and their journals. A journal is append-only, without gaps.

use rusqlite::{OptionalExtension, params};

use crate::Error;
use crate::ledger::{Stop, Work, from_sql_int, sql_int};
use crate::service;
use crate::wire::v1::{Document, Entry, Outcome, Record, Refusal, Reply, Summary};

const COLUMNS: &str =
    "id, service, plan, by, began_ms, updated_ms, phase, finished, cause, receipt";

pub(crate) fn begin(
    work: &Work<'_>,
    service: &str,
    token: u64,
    plan: &Document,
    settings: &serde_json::Value,
    by: &str,
) -> Result<Reply, Stop> {
    let begun: Option<String> = work
        .sql
        .query_row(
            "SELECT id FROM rollouts WHERE service = ? AND token = ?",
            params![service, sql_int(token)],
            |row| row.get(0),
        )
        .optional()
        .map_err(work.at("read a rollout"))?;
    if let Some(rollout) = begun {
        return Ok(Reply::Begun { rollout });
    }
    if let Some(rollout) = service::unfinished(work, service)? {
        return Err(Stop::Rule(
            Refusal::Unfinished,
            format!("{rollout} is unfinished"),
        ));
    }
    let number: i64 = work
        .sql
        .query_row(
            "SELECT coalesce(max(number), 0) + 1 FROM rollouts WHERE service = ?",
            params![service],
            |row| row.get(0),
        )
        .map_err(work.at("number a rollout"))?;
    let rollout = format!("{service}.{number}");
    work.sql
        .execute(
            "INSERT INTO rollouts (id, service, number, token, plan, settings, by, began_ms, updated_ms, phase, finished)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, 0)",
            params![
                rollout,
                service,
                number,
                sql_int(token),
                work.text(plan)?,
                work.text(settings)?,
                by,
                sql_int(work.now_ms),
                work.text(&rollout::journal::v1::Phase::Planned)?
            ],
        )
        .map_err(work.at("write a rollout"))?;
    Ok(Reply::Begun { rollout })
}

pub(crate) fn append(
    work: &Work<'_>,
    service: &str,
    rollout: &str,
    entries: &[Entry],
    effect: &Outcome,
) -> Result<Reply, Stop> {
    let finished: Option<bool> = work
        .sql
        .query_row(
            "SELECT finished FROM rollouts WHERE id = ? AND service = ?",
            params![rollout, service],
            |row| row.get(0),
        )
        .optional()
        .map_err(work.at("read a rollout"))?;
    let finished = finished.ok_or_else(|| {
        Stop::Rule(
            Refusal::NoRollout,
            format!("{service} has no rollout {rollout}"),
        )
    })?;
    let mut last = last_seq(work, rollout)?;
    for entry in entries {
        let text = work.text(entry)?;
        if entry.seq <= last {
            same_as_written(work, rollout, entry.seq, &text)?;
            continue;
        }
        if finished {
            return Err(Stop::Rule(
                Refusal::Finished,
                format!("{rollout} is at its end"),
            ));
        }
        if entry.seq != last + 1 {
            return Err(Stop::Rule(
                Refusal::OutOfSequence,
                format!(
                    "entry {} does not follow entry {last} of {rollout}",
                    entry.seq
                ),
            ));
        }
        work.sql
            .execute(
                "INSERT INTO entries (rollout, seq, entry) VALUES (?, ?, ?)",
                params![rollout, sql_int(entry.seq), text],
            )
            .map_err(work.at("append to a journal"))?;
        last = entry.seq;
    }
    if let Some(current) = &effect.current {
        service::make_current(work, service, rollout, current)?;
        // What a decision made the version in service is not bad any more.
        service::unmark(work, service, &current.artifact)?;
    }
    for mark in &effect.marks {
        service::mark(work, service, rollout, mark)?;
    }
    let receipt = effect
        .receipt
        .as_ref()
        .map(|receipt| work.text(receipt))
        .transpose()?;
    work.sql
        .execute(
            "UPDATE rollouts SET phase = ?, finished = max(finished, ?), cause = ?, updated_ms = ?,
                receipt = coalesce(?, receipt) WHERE id = ?",
            params![
                work.text(&effect.phase)?,
                effect.finished,
                effect.cause,
                sql_int(work.now_ms),
                receipt,
                rollout
            ],
        )
        .map_err(work.at("write a rollout"))?;
    Ok(Reply::Done)
}

fn last_seq(work: &Work<'_>, rollout: &str) -> Result<u64, Error> {
    work.sql
        .query_row(
            "SELECT coalesce(max(seq), 0) FROM entries WHERE rollout = ?",
            params![rollout],
            |row| row.get(0),
        )
        .map(from_sql_int)
        .map_err(work.at("read a journal"))
}

fn same_as_written(work: &Work<'_>, rollout: &str, seq: u64, text: &str) -> Result<(), Stop> {
    let written: Option<String> = work
        .sql
        .query_row(
            "SELECT entry FROM entries WHERE rollout = ? AND seq = ?",
            params![rollout, sql_int(seq)],
            |row| row.get(0),
        )
        .optional()
        .map_err(work.at("read a journal"))?;
    if written.as_deref() == Some(text) {
        return Ok(());
    }
    Err(Stop::Rule(
        Refusal::OutOfSequence,
        format!("entry {seq} of {rollout} is there already and says something else"),
    ))
}

pub(crate) fn read(work: &Work<'_>, rollout: &str) -> Result<Reply, Stop> {
    let sql = format!("SELECT {COLUMNS}, settings FROM rollouts WHERE id = ?");
    let row = work
        .sql
        .query_row(&sql, params![rollout], |row| {
            Ok((columns(row)?, row.get::<_, String>(10)?))
        })
        .optional()
        .map_err(work.at("read a rollout"))?;
    let Some((columns, settings)) = row else {
        return Ok(Reply::Rollout { rollout: None });
    };
    let mut query = work
        .sql
        .prepare("SELECT seq, entry FROM entries WHERE rollout = ? ORDER BY seq")
        .map_err(work.at("read a journal"))?;
    let rows = query
        .query_map(params![rollout], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })
        .map_err(work.at("read a journal"))?;
    let mut entries: Vec<Entry> = Vec::new();
    for row in rows {
        let (seq, text) = row.map_err(work.at("read a journal"))?;
        let entry: Entry = work.json("an entry of a journal", &text)?;
        if entry.seq != from_sql_int(seq) || entry.seq != entries.len() as u64 + 1 {
            let detail = format!("the journal of {rollout} has a gap before entry {seq}");
            return Err(Error::Damaged {
                path: work.path.into(),
                detail,
            }
            .into());
        }
        entries.push(entry);
    }
    let record = Record {
        summary: columns.summary(work)?,
        settings: work.json("the settings of a rollout", &settings)?,
        entries,
        broken: None,
    };
    Ok(Reply::Rollout {
        rollout: Some(Box::new(record)),
    })
}

pub(crate) fn list(work: &Work<'_>, service: Option<&str>, limit: u32) -> Result<Reply, Stop> {
    let sql = format!(
        "SELECT {COLUMNS} FROM rollouts WHERE ?1 IS NULL OR service = ?1
         ORDER BY began_ms DESC, number DESC LIMIT ?2"
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
    plan: String,
    by: String,
    began_ms: i64,
    updated_ms: i64,
    phase: String,
    finished: bool,
    cause: Option<String>,
    receipt: Option<String>,
}

fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    Ok(Columns {
        rollout: row.get(0)?,
        service: row.get(1)?,
        plan: row.get(2)?,
        by: row.get(3)?,
        began_ms: row.get(4)?,
        updated_ms: row.get(5)?,
        phase: row.get(6)?,
        finished: row.get(7)?,
        cause: row.get(8)?,
        receipt: row.get(9)?,
    })
}

impl Columns {
    fn summary(self, work: &Work<'_>) -> Result<Summary, Error> {
        Ok(Summary {
            plan: work.json("the plan of a rollout", &self.plan)?,
            phase: work.json("the phase of a rollout", &self.phase)?,
            receipt: self
                .receipt
                .map(|receipt| work.json("a receipt", &receipt))
                .transpose()?,
            rollout: self.rollout,
            service: self.service,
            by: self.by,
            began_ms: from_sql_int(self.began_ms),
            updated_ms: from_sql_int(self.updated_ms),
            finished: self.finished,
            cause: self.cause,
        })
    }
}
