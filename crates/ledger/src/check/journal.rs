//! One rollout's records: whole, in order, none missing.

use rusqlite::{OptionalExtension, params};

use crate::Error;
use crate::chain::{READ, Row};
use crate::fact::{Begun, Fact};
use crate::wire::v1::{Broken, Entry};
use crate::work::{Work, from_sql_int};

/// What the records of a rollout say, up to the first that is not what was written.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) begun: Option<Box<Begun>>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) broken: Option<Broken>,
}

/// Reads the records of a rollout.
pub(crate) fn load(work: &Work<'_>, rollout: &str) -> Result<Journal, Error> {
    let mut journal = Journal {
        begun: None,
        entries: Vec::new(),
        broken: None,
    };
    let last: Option<u64> = work
        .sql
        .query_row(
            "SELECT last_seq FROM rollouts WHERE id = ?",
            [rollout],
            |row| row.get(0).map(from_sql_int),
        )
        .optional()
        .map_err(work.at("read a rollout"))?;
    let mut query = work
        .sql
        .prepare_cached(&format!("{READ} WHERE rollout = ? ORDER BY n"))
        .map_err(work.at("read a journal"))?;
    let rows = query
        .query_map(params![rollout], Row::read)
        .map_err(work.at("read a journal"))?;
    for row in rows {
        let row = row.map_err(work.at("read a journal"))?;
        if let Err((seq, what)) = journal.take(&row) {
            journal.broken = Some(broken(rollout, seq, what));
            return Ok(journal);
        }
    }
    let count = journal.entries.len() as u64;
    if journal.begun.is_none() && last.is_some() {
        journal.broken = Some(broken(rollout, None, "its beginning is missing".into()));
    } else if last.is_some_and(|last| last != count) {
        let seq = Some(count + 1);
        journal.broken = Some(broken(rollout, seq, "it is missing".into()));
    }
    Ok(journal)
}

impl Journal {
    /// Takes the next record, or says which entry is not in order and why.
    fn take(&mut self, row: &Row) -> Result<(), (Option<u64>, String)> {
        let next = self.entries.len() as u64 + 1;
        if let Some(seq) = row.seq
            && seq > next
        {
            return Err((Some(next), "it is missing".into()));
        }
        let fail = |what: &str| Err((row.seq, what.to_owned()));
        if !row.is_whole() {
            return fail("it is not what was written");
        }
        if row.seq.is_some_and(|seq| seq < next) {
            return fail("it is not in its place");
        }
        match row.seq {
            Some(seq) => match serde_json::from_slice::<Entry>(&row.text) {
                Ok(entry) if entry.seq == seq => self.entries.push(entry),
                _ => return fail("it cannot be read"),
            },
            None => match serde_json::from_slice(&row.text) {
                Ok(Fact::Begun(begun)) => self.begun = Some(Box::new(begun)),
                Ok(_) => {}
                Err(_) => return fail("what is kept beside its journal cannot be read"),
            },
        }
        Ok(())
    }
}

fn broken(rollout: &str, seq: Option<u64>, what: String) -> Broken {
    Broken {
        rollout: Some(rollout.into()),
        seq,
        what,
    }
}
