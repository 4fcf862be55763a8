//! Rollouts, begun and added to. A journal is append-only, without gaps.

use rusqlite::{OptionalExtension, params};

use crate::check::Soundness;
use crate::fact::{Begun, Despite, Fact};
use crate::wire::v1::{Document, Entry, Outcome, Refusal, Reply};
use crate::work::{Stop, Work, from_sql_int, sql_int};
use crate::{chain, environment, freezes, service, tables};

/// What a rollout begins with.
pub(crate) struct Begin {
    pub(crate) service: String,
    pub(crate) token: u64,
    pub(crate) plan: Document,
    pub(crate) settings: serde_json::Value,
    pub(crate) by: String,
    pub(crate) despite_freeze: Option<String>,
}

pub(crate) fn begin(work: &Work<'_>, begin: Begin) -> Result<Reply, Stop> {
    let service = begin.service;
    let begun: Option<String> = work
        .sql
        .query_row(
            "SELECT id FROM rollouts WHERE service = ? AND token = ?",
            params![service, sql_int(begin.token)],
            |row| row.get(0),
        )
        .optional()
        .map_err(work.at("read a rollout"))?;
    if let Some(rollout) = begun {
        return Ok(Reply::Begun { rollout });
    }
    if let Some(rollout) = service::unfinished(work, &service)? {
        return Err(Stop::Rule(
            Refusal::Unfinished,
            format!("{rollout} is unfinished"),
        ));
    }
    let environment = environment::require(&service)?;
    require_only(work, environment)?;
    let despite_freeze = require_thawed(work, environment, &begin.plan, begin.despite_freeze)?;
    let number = work
        .sql
        .query_row(
            "SELECT coalesce(max(number), 0) + 1 FROM rollouts WHERE service = ?",
            [&service],
            |row| row.get(0).map(from_sql_int),
        )
        .map_err(work.at("number a rollout"))?;
    let rollout = format!("{service}.{number}");
    let fact = Fact::Begun(Begun {
        environment: environment.into(),
        number,
        token: begin.token,
        plan: begin.plan,
        settings: begin.settings,
        by: begin.by,
        despite_freeze,
        service,
    });
    chain::record(work, Some(&rollout), &fact)?;
    Ok(Reply::Begun { rollout })
}

/// Refuses while another service of the environment has a rollout that is not at its end.
fn require_only(work: &Work<'_>, environment: &str) -> Result<(), Stop> {
    let other: Option<String> = work
        .sql
        .query_row(
            "SELECT id FROM rollouts WHERE environment = ? AND finished = 0 ORDER BY id",
            [environment],
            |row| row.get(0),
        )
        .optional()
        .map_err(work.at("read a rollout"))?;
    match other {
        None => Ok(()),
        Some(rollout) => Err(Stop::Rule(
            Refusal::EnvironmentBusy,
            format!(
                "{rollout} is unfinished, and one rollout at a time changes {environment}: wait for it, or end it \
                 with `cutover resume` or `cutover abort`"
            ),
        )),
    }
}

/// Refuses while the environment is frozen, unless the plan leads back or there is a reason not to wait.
fn require_thawed(
    work: &Work<'_>,
    environment: &str,
    plan: &Document,
    despite: Option<String>,
) -> Result<Option<Despite>, Stop> {
    freezes::require_short("despite_freeze", despite.as_deref().unwrap_or_default())?;
    let held = freezes::held(work, Some(environment))?;
    let leads_back = plan.body.get("purpose").and_then(|it| it.as_str()) == Some("rollback");
    match despite {
        Some(why) if !why.trim().is_empty() => Ok(Some(Despite {
            why,
            freezes: held.iter().map(|it| it.id).collect(),
        })),
        _ if held.is_empty() || leads_back => Ok(None),
        _ => Err(freezes::refusal(environment, &held)),
    }
}

pub(crate) fn append(
    work: &Work<'_>,
    soundness: &mut Soundness,
    service: &str,
    rollout: &str,
    entries: &[Entry],
    effect: &Outcome,
) -> Result<Reply, Stop> {
    let row = work
        .sql
        .query_row(
            "SELECT finished, last_seq, outcome FROM rollouts WHERE id = ? AND service = ?",
            params![rollout, service],
            |row| {
                let last = from_sql_int(row.get(1)?);
                Ok((row.get::<_, bool>(0)?, last, row.get(2)?))
            },
        )
        .optional()
        .map_err(work.at("read a rollout"))?;
    let (finished, mut last, outcome): (_, _, Option<String>) = row.ok_or_else(|| {
        Stop::Rule(
            Refusal::NoRollout,
            format!("{service} has no rollout {rollout}"),
        )
    })?;
    soundness.require(work, rollout)?;
    for entry in entries {
        if entry.seq <= last {
            same_as_written(work, rollout, entry)?;
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
        chain::entry(work, rollout, entry.seq, work.text(entry)?)?;
        last = entry.seq;
    }
    if finished {
        return Ok(Reply::Done);
    }
    // A call that was lost and comes late, after further entries, is not what is true any more.
    let is_late = entries.last().is_some_and(|entry| entry.seq < last);
    let known = tables::digest(effect).map_err(work.at("write an outcome"))?;
    if !is_late && outcome != Some(known) {
        chain::record(work, Some(rollout), &Fact::Outcome(effect.clone()))?;
    }
    Ok(Reply::Done)
}

fn same_as_written(work: &Work<'_>, rollout: &str, entry: &Entry) -> Result<(), Stop> {
    let written: Option<String> = work
        .sql
        .query_row(
            "SELECT text FROM records WHERE rollout = ? AND seq = ?",
            params![rollout, sql_int(entry.seq)],
            |row| row.get(0),
        )
        .optional()
        .map_err(work.at("read a journal"))?;
    let written = written
        .map(|text| work.json::<Entry>("an entry of a journal", &text))
        .transpose()?;
    if written.as_ref() == Some(entry) {
        return Ok(());
    }
    Err(Stop::Rule(
        Refusal::OutOfSequence,
        format!(
            "entry {} of {rollout} is there already and says something else",
            entry.seq
        ),
    ))
}
