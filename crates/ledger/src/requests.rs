//! What people ask of a rollout that somebody else drives. A request waits with the rollout, not with the
//! holder of the lease: where that one dies, the next is told.

use rusqlite::params;

use crate::check::Soundness;
use crate::fact::Fact;
use crate::freezes::require_short;
use crate::wire::v1::{Refusal, Reply, Requested, Verb};
use crate::work::{Stop, Work, from_sql_int, sql_int};
use crate::{Error, REQUEST_LASTS_MS, chain, lease, service};

/// How many requests may wait of one rollout.
const WAITING_MAX: usize = 32;

pub(crate) fn ask(
    work: &Work<'_>,
    soundness: &mut Soundness,
    service: &str,
    verb: Verb,
    by: &str,
    why: Option<&str>,
) -> Result<Reply, Stop> {
    require_short("why", why.unwrap_or_default())?;
    require_short("by", by)?;
    let rollout = service::unfinished(work, service)?.ok_or_else(|| {
        let message = format!("no rollout of {service} is unfinished");
        Stop::Rule(Refusal::NoRollout, message)
    })?;
    soundness.require(work, &rollout)?;
    let waiting = waiting(work, service)?;
    let same = |it: &&Requested| it.verb == verb && it.by == by && it.why.as_deref() == why;
    let request = match waiting.iter().find(same) {
        Some(request) => request.clone(),
        None if waiting.len() >= WAITING_MAX => {
            let message = format!(
                "{WAITING_MAX} requests of {rollout} wait already: see with `cutover lock` who should take them"
            );
            return Err(Stop::Rule(Refusal::TooMany, message));
        }
        None => {
            let request = Requested {
                id: chain::next(work)?,
                verb,
                by: by.into(),
                why: why.map(Into::into),
                at_ms: work.now_ms,
            };
            let fact = Fact::Requested {
                service: service.into(),
                request: request.clone(),
            };
            chain::record(work, Some(&rollout), &fact)?;
            request
        }
    };
    Ok(Reply::Asked {
        rollout,
        request,
        holder: lease::held(work, service)?,
    })
}

/// Returns what the holder of the lease is to be told, oldest first.
pub(crate) fn waiting(work: &Work<'_>, service: &str) -> Result<Vec<Requested>, Error> {
    let since_ms = work.now_ms.saturating_sub(REQUEST_LASTS_MS);
    let mut query = work
        .sql
        .prepare_cached(
            "SELECT id, verb, by, why, at_ms FROM requests WHERE service = ? AND at_ms >= ? ORDER BY id",
        )
        .map_err(work.at("read requests"))?;
    let rows = query
        .query_map(params![service, sql_int(since_ms)], |row| {
            let request = Requested {
                id: from_sql_int(row.get(0)?),
                verb: Verb::Abort,
                by: row.get(2)?,
                why: row.get(3)?,
                at_ms: from_sql_int(row.get(4)?),
            };
            Ok((request, row.get::<_, String>(1)?))
        })
        .map_err(work.at("read requests"))?;
    let mut requests = Vec::new();
    for row in rows {
        let (request, verb) = row.map_err(work.at("read requests"))?;
        let verb = work.json("a request", &verb)?;
        requests.push(Requested { verb, ..request });
    }
    Ok(requests)
}

/// Records that requests were acted on; those that wait no more are passed over.
pub(crate) fn take(
    work: &Work<'_>,
    soundness: &mut Soundness,
    service: &str,
    ids: &[u64],
) -> Result<(), Stop> {
    if ids.is_empty() {
        return Ok(());
    }
    let waiting = waiting(work, service)?;
    let ids: Vec<u64> = waiting
        .iter()
        .map(|it| it.id)
        .filter(|id| ids.contains(id))
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    if let Some(rollout) = service::unfinished(work, service)? {
        soundness.require(work, &rollout)?;
        chain::record(work, Some(&rollout), &Fact::Taken { ids })?;
    }
    Ok(())
}
