//! Places of the chain that are kept apart from it.

use rusqlite::params;

use super::Hash;
use crate::Error;
use crate::work::{Work, from_sql_int, sql_int};

/// The name of the anchor at the end of the chain.
pub(crate) const HEAD: &str = "head";
/// The name of the anchor up to which the chain was found whole.
pub(crate) const CHECKED: &str = "checked";

/// A place of the chain: the number of a record and its hash; before the first both are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Anchor {
    pub(crate) n: u64,
    pub(crate) hash: Hash,
}

impl Anchor {
    /// Before the first record.
    pub(crate) const START: Self = Self {
        n: 0,
        hash: [0; 32],
    };

    pub(crate) fn read(work: &Work<'_>, name: &str) -> Result<Self, Error> {
        let (n, hash) = work
            .sql
            .query_row(
                "SELECT n, hash FROM anchors WHERE name = ?",
                params![name],
                |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)),
            )
            .map_err(|e| match e {
                rusqlite::Error::QueryReturnedNoRows => {
                    work.damaged(format!("it does not say where its `{name}` is"))
                }
                e => work.at("read an anchor")(e),
            })?;
        let hash = Hash::try_from(hash)
            .map_err(|_| work.damaged(format!("the hash of its `{name}` is none")))?;
        let n = from_sql_int(n);
        Ok(Self { n, hash })
    }

    pub(crate) fn write(self, work: &Work<'_>, name: &str) -> Result<(), Error> {
        work.sql
            .execute(
                "UPDATE anchors SET n = ?, hash = ? WHERE name = ?",
                params![sql_int(self.n), self.hash, name],
            )
            .map(|_| ())
            .map_err(work.at("write an anchor"))
    }
}
