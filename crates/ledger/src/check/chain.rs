//! The chain itself: each record is what was written, and follows the one before.

use std::collections::BTreeMap;

use super::Soundness;
use crate::Error;
use crate::chain::{Anchor, CHECKED, HEAD, Hash, READ, Row};
use crate::wire::v1::Broken;
use crate::work::{Work, from_sql_int, sql_int};

/// After how many records the place up to which the chain was found whole moves on.
const STRIDE: u64 = 1024;

/// Checks what was written since the last time, which is bounded, and moves the mark on.
pub(crate) fn tail(work: &Work<'_>, soundness: &mut Soundness) -> Result<(), Error> {
    let flaws = from(work, Anchor::read(work, CHECKED)?)?;
    soundness.learn(&flaws);
    advance(work, soundness)
}

/// Moves the mark to the end, if it is far and no damage is known.
pub(crate) fn advance(work: &Work<'_>, soundness: &Soundness) -> Result<(), Error> {
    let head = Anchor::read(work, HEAD)?;
    let checked = Anchor::read(work, CHECKED)?;
    if head.n.saturating_sub(checked.n) >= STRIDE && soundness.known().next().is_none() {
        head.write(work, CHECKED)?;
    }
    Ok(())
}

/// Checks the chain from a place on, in order of the flaws.
pub(super) fn from(work: &Work<'_>, start: Anchor) -> Result<Vec<Broken>, Error> {
    let mut walk = Walk {
        last: start,
        last_row: None,
        seqs: BTreeMap::new(),
        whole: start == Anchor::START,
        start_seen: start.n == 0,
        flaws: Vec::new(),
    };
    let mut query = work
        .sql
        .prepare_cached(&format!("{READ} WHERE n >= ? ORDER BY n"))
        .map_err(work.at("read the chain"))?;
    let rows = query
        .query_map([sql_int(start.n)], Row::read)
        .map_err(work.at("read the chain"))?;
    for row in rows {
        walk.step(row.map_err(work.at("read the chain"))?, start);
    }
    let head = Anchor::read(work, HEAD)?;
    walk.end(start, head);
    if walk.whole {
        walk.journals(work)?;
    }
    Ok(walk.flaws)
}

struct Walk {
    last: Anchor,
    last_row: Option<(Option<String>, Option<u64>)>,
    /// The last entry seen of each rollout.
    seqs: BTreeMap<String, u64>,
    /// Whether the walk began at the first record.
    whole: bool,
    start_seen: bool,
    flaws: Vec<Broken>,
}

impl Walk {
    fn step(&mut self, row: Row, start: Anchor) {
        let place = (row.rollout(), row.seq);
        let hash = Hash::try_from(row.hash.as_slice()).unwrap_or_default();
        if row.n == start.n {
            // The place that was checked before: it still has to be that one.
            if hash != start.hash || !row.is_whole() {
                self.flaw(place.clone(), "it is not what was written");
            }
            self.start_seen = true;
            return self.moved(&row, place, hash);
        }
        let next = self.last.n + 1;
        if row.n != next {
            self.flaw((None, None), &missing(next, row.n - 1));
        }
        if let (Some(rollout), Some(seq)) = &place {
            let expected = self.seqs.get(rollout).map(|last| last + 1);
            let expected = expected.or(self.whole.then_some(1));
            if expected.is_some_and(|expected| expected < *seq) {
                self.flaw((Some(rollout.clone()), expected), "it is missing");
            }
        }
        if !row.is_whole() {
            self.flaw(place.clone(), "it is not what was written");
        } else if row.n == next && row.prev != self.last.hash {
            let before = self.last_row.clone().unwrap_or((None, None));
            self.flaw(before, "it is not the one that the next record follows");
        }
        self.moved(&row, place, hash);
    }

    fn moved(&mut self, row: &Row, place: (Option<String>, Option<u64>), hash: Hash) {
        if let (Some(rollout), Some(seq)) = &place {
            let last = self.seqs.entry(rollout.clone()).or_default();
            *last = (*last).max(*seq);
        }
        self.last = Anchor { n: row.n, hash };
        self.last_row = Some(place);
    }

    fn end(&mut self, start: Anchor, head: Anchor) {
        if !self.start_seen {
            self.flaw((None, None), &missing(start.n, start.n));
        }
        if self.last.n < head.n {
            self.flaw((None, None), &missing(self.last.n + 1, head.n));
        } else if self.last.n > head.n {
            let place = self.last_row.clone().unwrap_or((None, None));
            self.flaw(place, "it stands after the end of the chain");
        } else if self.last.hash != head.hash {
            let place = self.last_row.clone().unwrap_or((None, None));
            self.flaw(place, "it is not the one at the end of the chain");
        }
    }

    /// Looks for journals that end too early.
    fn journals(&mut self, work: &Work<'_>) -> Result<(), Error> {
        let mut query = work
            .sql
            .prepare("SELECT id, last_seq FROM rollouts ORDER BY begun")
            .map_err(work.at("list rollouts"))?;
        let rows = query
            .query_map([], |row| {
                Ok((row.get::<_, String>(0)?, from_sql_int(row.get(1)?)))
            })
            .map_err(work.at("list rollouts"))?;
        for row in rows {
            let (rollout, last) = row.map_err(work.at("list rollouts"))?;
            let seen = self.seqs.get(&rollout).copied().unwrap_or(0);
            if seen < last {
                self.flaw((Some(rollout), Some(seen + 1)), "it is missing");
            }
        }
        Ok(())
    }

    /// One flaw often shows twice; of a place only the first is told.
    fn flaw(&mut self, (rollout, seq): (Option<String>, Option<u64>), what: &str) {
        let is_told = |it: &Broken| rollout.is_some() && it.rollout == rollout && it.seq == seq;
        if !self.flaws.iter().any(is_told) {
            self.flaws.push(Broken {
                rollout,
                seq,
                what: what.into(),
            });
        }
    }
}

fn missing(first: u64, last: u64) -> String {
    if first == last {
        return format!("record {first} is missing");
    }
    format!("records {first} to {last} are missing")
}
