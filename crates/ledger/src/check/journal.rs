//! One rollout's records: whole, in order, none missing.

use rusqlite::{OptionalExtension, Params, params};

use crate::Error;
use crate::chain::{READ, Row};
use crate::fact::{Begun, Fact};
use crate::wire::v1::{Broken, Entry};
use crate::work::{Work, from_sql_int, sql_int};

/// Bytes of the entries that are told at once.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Which part of a journal is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Nothing is kept: all is looked at only.
    None,
    /// All of it.
    Whole,
    /// What follows this entry, as far as it comes within [`PAGE_BYTES_MAX`].
    After(u64),
}

/// What the records of a rollout say, up to the first that is not what was written.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) begun: Option<Box<Begun>>,
    pub(crate) entries: Vec<Entry>,
    /// Whether the journal goes on after these entries.
    pub(crate) more: bool,
    pub(crate) broken: Option<Broken>,
    /// The last entry that was looked at.
    seen: u64,
    bytes: usize,
    part: Part,
}

/// Reads records of a rollout, from the one after the last entry known on. All pages together look at all
/// of them.
pub(crate) fn load(work: &Work<'_>, rollout: &str, part: Part) -> Result<Journal, Error> {
    let known = match part {
        Part::After(seq) => seq,
        Part::None | Part::Whole => 0,
    };
    let mut journal = Journal {
        begun: None,
        entries: Vec::new(),
        more: false,
        broken: None,
        seen: known,
        bytes: 0,
        part,
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
    if known > 0 {
        // What it began with is told with each page.
        let begun = format!("{READ} WHERE n = (SELECT begun FROM rollouts WHERE id = ?1)");
        journal.walk(work, rollout, &begun, params![rollout])?;
    }
    if journal.broken.is_none() {
        let later = format!(
            "{READ} WHERE rollout = ?1
            AND n > coalesce((SELECT n FROM records WHERE rollout = ?1 AND seq = ?2), 0) ORDER BY n"
        );
        let place = params![rollout, sql_int(known)];
        journal.walk(work, rollout, &later, place)?;
    }
    if journal.more || journal.broken.is_some() {
        return Ok(journal);
    }
    let seen = journal.seen;
    if journal.begun.is_none() && last.is_some() {
        journal.broken = Some(broken(rollout, None, "its beginning is missing".into()));
    } else if last.is_some_and(|last| last != seen && (seen > known || last > known)) {
        let seq = Some(seen + 1);
        journal.broken = Some(broken(rollout, seq, "it is missing".into()));
    }
    Ok(journal)
}

impl Journal {
    /// Takes records until the page is full, or one is not what was written.
    fn walk(
        &mut self,
        work: &Work<'_>,
        rollout: &str,
        query: &str,
        place: impl Params,
    ) -> Result<(), Error> {
        let mut query = work
            .sql
            .prepare_cached(query)
            .map_err(work.at("read a journal"))?;
        let rows = query
            .query_map(place, Row::read)
            .map_err(work.at("read a journal"))?;
        for row in rows {
            let row = row.map_err(work.at("read a journal"))?;
            if let Err((seq, what)) = self.take(&row) {
                self.broken = Some(broken(rollout, seq, what));
                return Ok(());
            }
            if self.more {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes the next record, or says which entry is not in order and why.
    fn take(&mut self, row: &Row) -> Result<(), (Option<u64>, String)> {
        let next = self.seen + 1;
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
                Ok(entry) if entry.seq == seq => self.keep(entry, row.text.len()),
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

    /// Keeps an entry where it is wanted, or ends the page before it. A page has one at least.
    fn keep(&mut self, entry: Entry, bytes: usize) {
        self.bytes += bytes;
        let is_over = self.bytes > PAGE_BYTES_MAX && !self.entries.is_empty();
        if matches!(self.part, Part::After(_)) && is_over {
            self.more = true;
            return;
        }
        self.seen = entry.seq;
        if self.part != Part::None {
            self.entries.push(entry);
        }
    }
}

fn broken(rollout: &str, seq: Option<u64>, what: String) -> Broken {
    Broken {
        rollout: Some(rollout.into()),
        seq,
        what,
    }
}
