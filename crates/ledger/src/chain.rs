//! The chain: every record holds the hash of the one before it and of its own text, and none is ever
//! changed or removed.
//!
//! ```text
//! record 1 ◀─ record 2 ◀─ … ◀─ record n ◀─ the anchor `head`
//! ```
//!
//! The tables that calls read are drawn from the records ([`crate::tables`]), in the same transaction.

mod anchor;
mod row;

pub(crate) use anchor::{Anchor, CHECKED, HEAD};
pub(crate) use row::{Hash, READ, Row};

use rusqlite::params;

use crate::Error;
use crate::fact::Fact;
use crate::tables::{self, Stamp};
use crate::work::{Work, sql_int};

/// Returns the number that the next record gets.
pub(crate) fn next(work: &Work<'_>) -> Result<u64, Error> {
    Ok(Anchor::read(work, HEAD)?.n + 1)
}

/// Records a fact and draws its consequences.
pub(crate) fn record(work: &Work<'_>, rollout: Option<&str>, fact: &Fact) -> Result<(), Error> {
    let text = work.text(fact)?;
    let n = seal(work, rollout, None, text.clone())?;
    let stamp = Stamp {
        n,
        at_ms: work.now_ms,
        rollout,
    };
    tables::follow(&work.sql, &stamp, fact).map_err(work.at("write what follows from a record"))
}

/// Records an entry of a journal.
pub(crate) fn entry(work: &Work<'_>, rollout: &str, seq: u64, text: String) -> Result<(), Error> {
    let n = seal(work, Some(rollout), Some(seq), text)?;
    let stamp = Stamp {
        n,
        at_ms: work.now_ms,
        rollout: Some(rollout),
    };
    tables::follow_entry(&work.sql, &stamp, seq)
        .map_err(work.at("write what follows from an entry"))
}

/// Puts a record at the end of the chain.
fn seal(
    work: &Work<'_>,
    rollout: Option<&str>,
    seq: Option<u64>,
    text: String,
) -> Result<u64, Error> {
    let head = Anchor::read(work, HEAD)?;
    let mut row = Row {
        n: head.n + 1,
        at_ms: work.now_ms,
        rollout: rollout.map(Into::into),
        seq,
        text: text.into_bytes(),
        prev: head.hash.to_vec(),
        hash: Vec::new(),
    };
    let hash = row.digest();
    row.hash = hash.to_vec();
    work.sql
        .execute(
            "INSERT INTO records (n, at_ms, rollout, seq, text, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![
                sql_int(row.n),
                sql_int(row.at_ms),
                rollout,
                seq.map(sql_int),
                String::from_utf8_lossy(&row.text),
                row.prev,
                row.hash
            ],
        )
        .map_err(work.at("append to the chain"))?;
    let head = Anchor { n: row.n, hash };
    head.write(work, HEAD)?;
    Ok(row.n)
}
