//! The lease of a service: who may act, told apart by a fencing token that only grows (invariant I5).

use rusqlite::{OptionalExtension, params};

use crate::Error;
use crate::requests;
use crate::wire::v1::{Holder, Lease, Refusal, Reply};
use crate::work::{Stop, Work, from_sql_int, sql_int};

/// A row of the table: the token stays when the holder is gone.
struct Row {
    token: u64,
    lease: Option<Lease>,
    broken_by: Option<String>,
}

pub(crate) fn acquire(
    work: &Work<'_>,
    service: &str,
    holder: &Holder,
    ttl_ms: u64,
    above: u64,
) -> Result<Reply, Stop> {
    let row = row(work, service)?;
    let old = row.as_ref().and_then(|row| row.lease.clone());
    if let Some(lease) = &old {
        // The same process asks again: its first answer was lost.
        if lease.holder == *holder && lease.expires_ms > work.now_ms {
            renew(work, service, lease.token, ttl_ms)?;
            let lease = Lease {
                expires_ms: work.now_ms.saturating_add(ttl_ms),
                ..lease.clone()
            };
            return Ok(Reply::Acquired {
                lease,
                taken_over: None,
            });
        }
        if lease.expires_ms > work.now_ms && !is_dead(&lease.holder) {
            return Ok(Reply::Held {
                lease: lease.clone(),
            });
        }
    }
    let lease = Lease {
        service: service.into(),
        token: row.map_or(0, |row| row.token).max(above).saturating_add(1),
        holder: holder.clone(),
        since_ms: work.now_ms,
        expires_ms: work.now_ms.saturating_add(ttl_ms),
    };
    work.sql
        .execute(
            "INSERT INTO leases (service, token, holder, since_ms, expires_ms) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (service) DO UPDATE SET token = excluded.token, holder = excluded.holder,
                since_ms = excluded.since_ms, expires_ms = excluded.expires_ms, broken_by = NULL",
            params![
                service,
                sql_int(lease.token),
                work.text(holder)?,
                sql_int(lease.since_ms),
                sql_int(lease.expires_ms)
            ],
        )
        .map_err(work.at("take a lease"))?;
    Ok(Reply::Acquired {
        lease,
        taken_over: old,
    })
}

pub(crate) fn renew(
    work: &Work<'_>,
    service: &str,
    token: u64,
    ttl_ms: u64,
) -> Result<Reply, Stop> {
    require(work, service, token)?;
    work.sql
        .execute(
            "UPDATE leases SET expires_ms = ? WHERE service = ?",
            params![sql_int(work.now_ms.saturating_add(ttl_ms)), service],
        )
        .map_err(work.at("renew a lease"))?;
    let requests = requests::waiting(work, service)?;
    Ok(Reply::Renewed { requests })
}

pub(crate) fn release(work: &Work<'_>, service: &str, token: u64) -> Result<Reply, Stop> {
    work.sql
        .execute(
            "UPDATE leases SET holder = NULL WHERE service = ? AND token = ?",
            params![service, sql_int(token)],
        )
        .map_err(work.at("release a lease"))?;
    Ok(Reply::Done)
}

pub(crate) fn list(work: &Work<'_>, service: Option<&str>) -> Result<Reply, Stop> {
    let services: Vec<String> = match service {
        Some(service) => vec![service.into()],
        None => {
            let mut query = work
                .sql
                .prepare("SELECT service FROM leases WHERE holder IS NOT NULL ORDER BY service")
                .map_err(work.at("list leases"))?;
            let rows = query
                .query_map([], |row| row.get(0))
                .map_err(work.at("list leases"))?;
            rows.collect::<Result<_, _>>()
                .map_err(work.at("list leases"))?
        }
    };
    let mut leases = Vec::new();
    for service in services {
        leases.extend(row(work, &service)?.and_then(|row| row.lease));
    }
    Ok(Reply::Leases { leases })
}

pub(crate) fn force_release(work: &Work<'_>, service: &str, by: &str) -> Result<Reply, Stop> {
    let broken = row(work, service)?.and_then(|row| row.lease);
    work.sql
        .execute(
            "UPDATE leases SET holder = NULL, broken_by = ? WHERE service = ?",
            params![by, service],
        )
        .map_err(work.at("break a lease"))?;
    Ok(Reply::Leases {
        leases: broken.into_iter().collect(),
    })
}

/// Refuses where nobody holds the lease.
pub(crate) fn require_held(work: &Work<'_>, service: &str) -> Result<(), Stop> {
    match held(work, service)? {
        Some(_) => Ok(()),
        None => Err(Stop::Rule(
            Refusal::NotHolder,
            format!("nobody holds the lease of {service}"),
        )),
    }
}

/// Returns the lease of a service, if somebody holds it.
pub(crate) fn held(work: &Work<'_>, service: &str) -> Result<Option<Lease>, Error> {
    Ok(row(work, service)?.and_then(|row| row.lease))
}

/// Refuses a caller whose lease is gone. A lease that ran out and that
/// nobody took is still its holder's: the token says so.
pub(crate) fn require(work: &Work<'_>, service: &str, token: u64) -> Result<(), Stop> {
    match row(work, service)? {
        Some(Row {
            token: current,
            lease: Some(_),
            ..
        }) if current == token => Ok(()),
        Some(Row {
            lease: Some(lease), ..
        }) => Err(Stop::Rule(
            Refusal::NotHolder,
            format!(
                "the lease of {service} was taken over by {}@{} (`{}`, pid {}, token {}); token {token} is void",
                lease.holder.user,
                lease.holder.host,
                lease.holder.command,
                lease.holder.process.pid,
                lease.token
            ),
        )),
        Some(Row {
            broken_by: Some(by),
            ..
        }) => Err(Stop::Rule(
            Refusal::NotHolder,
            format!("the lease of {service} with token {token} was taken away by {by}"),
        )),
        _ => Err(Stop::Rule(
            Refusal::NotHolder,
            format!("the lease of {service} with token {token} was released"),
        )),
    }
}

fn row(work: &Work<'_>, service: &str) -> Result<Option<Row>, Error> {
    let columns = work
        .sql
        .query_row(
            "SELECT token, holder, since_ms, expires_ms, broken_by FROM leases WHERE service = ?",
            params![service],
            |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, Option<String>>(1)?,
                    row.get::<_, i64>(2)?,
                    row.get::<_, i64>(3)?,
                    row.get::<_, Option<String>>(4)?,
                ))
            },
        )
        .optional()
        .map_err(work.at("read a lease"))?;
    let Some((token, holder, since, expires, broken_by)) = columns else {
        return Ok(None);
    };
    let token = from_sql_int(token);
    let lease = holder
        .map(|holder| {
            Ok::<_, Error>(Lease {
                service: service.into(),
                token,
                holder: work.json("the holder of a lease", &holder)?,
                since_ms: from_sql_int(since),
                expires_ms: from_sql_int(expires),
            })
        })
        .transpose()?;
    Ok(Some(Row {
        token,
        lease,
        broken_by,
    }))
}

/// Says whether the holder's process is known to be dead: it ran in this boot of this machine and is
/// gone. Of another machine nothing is known.
fn is_dead(holder: &Holder) -> bool {
    sys::process::ProcessId::current().is_some_and(|this| this.boot == holder.process.boot)
        && !holder.process.is_alive()
}
