//! Freezes: spans of time in which nothing of an environment is changed.

use rusqlite::params;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::fact::Fact;
use crate::wire::v1::{Freeze, Refusal, Reply};
use crate::work::{Stop, Work, from_sql_int, sql_int};
use crate::{Error, chain};

/// How many freezes of an environment may hold at once.
const HELD_MAX: usize = 64;
/// The longest of what people write, in bytes.
const WORDS_MAX: usize = 4096;

pub(crate) fn freeze(
    work: &Work<'_>,
    environment: &str,
    until_ms: u64,
    why: &str,
    by: &str,
) -> Result<Reply, Stop> {
    for (what, text) in [("environment", environment), ("why", why), ("by", by)] {
        require_short(what, text)?;
        if text.trim().is_empty() {
            return Err(invalid(format!("a freeze needs `{what}`")));
        }
    }
    if until_ms <= work.now_ms {
        return Err(invalid(format!(
            "a freeze until {} is over already",
            moment(until_ms)
        )));
    }
    let held = held(work, Some(environment))?;
    let same = |it: &&Freeze| (it.until_ms, &*it.why, &*it.by) == (until_ms, why, by);
    let freeze = match held.iter().find(same) {
        Some(freeze) => freeze.clone(),
        None if held.len() >= HELD_MAX => {
            let message = format!("{environment} is frozen {HELD_MAX} times over: thaw some first");
            return Err(Stop::Rule(Refusal::TooMany, message));
        }
        None => {
            let freeze = Freeze {
                id: chain::next(work)?,
                environment: environment.into(),
                until_ms,
                why: why.into(),
                by: by.into(),
                since_ms: work.now_ms,
            };
            chain::record(work, None, &Fact::Frozen(freeze.clone()))?;
            freeze
        }
    };
    Ok(Reply::Freezes {
        freezes: vec![freeze],
    })
}

pub(crate) fn thaw(
    work: &Work<'_>,
    environment: &str,
    id: Option<u64>,
    by: &str,
    why: Option<String>,
) -> Result<Reply, Stop> {
    require_short("by", by)?;
    require_short("why", why.as_deref().unwrap_or_default())?;
    let mut freezes = held(work, Some(environment))?;
    freezes.retain(|it| id.is_none_or(|id| id == it.id));
    if !freezes.is_empty() {
        let fact = Fact::Thawed {
            ids: freezes.iter().map(|it| it.id).collect(),
            by: by.into(),
            why,
        };
        chain::record(work, None, &fact)?;
    }
    Ok(Reply::Freezes { freezes })
}

/// Returns the freezes that hold now, oldest first.
pub(crate) fn held(work: &Work<'_>, environment: Option<&str>) -> Result<Vec<Freeze>, Error> {
    let mut query = work
        .sql
        .prepare_cached(
            "SELECT id, environment, until_ms, why, by, since_ms FROM freezes
             WHERE until_ms > ?1 AND (?2 IS NULL OR environment = ?2) ORDER BY id",
        )
        .map_err(work.at("read freezes"))?;
    let rows = query
        .query_map(params![sql_int(work.now_ms), environment], |row| {
            Ok(Freeze {
                id: from_sql_int(row.get(0)?),
                environment: row.get(1)?,
                until_ms: from_sql_int(row.get(2)?),
                why: row.get(3)?,
                by: row.get(4)?,
                since_ms: from_sql_int(row.get(5)?),
            })
        })
        .map_err(work.at("read freezes"))?;
    rows.collect::<Result<_, _>>()
        .map_err(work.at("read freezes"))
}

/// Says that an environment is frozen: by whom, why and until when.
pub(crate) fn refusal(environment: &str, freezes: &[Freeze]) -> Stop {
    let each: Vec<String> = freezes
        .iter()
        .map(|it| format!("until {} by {}: {}", moment(it.until_ms), it.by, it.why))
        .collect();
    Stop::Rule(
        Refusal::Frozen,
        format!("{environment} is frozen {}", each.join("; and ")),
    )
}

/// Refuses text that is longer than people write.
pub(crate) fn require_short(what: &str, text: &str) -> Result<(), Stop> {
    if text.len() <= WORDS_MAX {
        return Ok(());
    }
    Err(invalid(format!(
        "`{what}` has {} bytes, and {WORDS_MAX} are the most",
        text.len()
    )))
}

fn invalid(message: String) -> Stop {
    Stop::Rule(Refusal::Invalid, message)
}

/// A time as people read it.
fn moment(at_ms: u64) -> String {
    let nanos = i128::from(at_ms) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .ok()
        .and_then(|at| {
            at.format(format_description!(
                "[year]-[month]-[day] [hour]:[minute] UTC"
            ))
            .ok()
        })
        .unwrap_or_else(|| "the end of time".into())
}
