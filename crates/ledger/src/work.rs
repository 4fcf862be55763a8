//! What a call works with, and why it stops.

use std::path::Path;

use rusqlite::Transaction;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::wire::v1::Refusal;

/// One transaction.
pub(crate) struct Work<'a> {
    pub(crate) sql: Transaction<'a>,
    pub(crate) path: &'a Path,
    pub(crate) now_ms: u64,
}

/// A rule that a call would break, or a file that does not work.
#[derive(Debug)]
pub(crate) enum Stop {
    Rule(Refusal, String),
    File(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::File(error)
    }
}

impl Work<'_> {
    /// Reads a JSON column; what does not fit is damage.
    pub(crate) fn json<T: DeserializeOwned>(&self, what: &str, text: &str) -> Result<T, Error> {
        serde_json::from_str(text)
            .map_err(|e| self.damaged(format!("{what} is not what was written: {e}")))
    }

    /// Writes a value in its one form: keys in order, no spaces.
    pub(crate) fn text(&self, value: &impl Serialize) -> Result<String, Error> {
        let text = serde_json::to_value(value).map(|mut value| {
            value.sort_all_objects();
            value.to_string()
        });
        text.map_err(|e| Error::Storage {
            operation: "write JSON",
            path: self.path.into(),
            detail: e.to_string(),
        })
    }

    /// Adds the operation and the file to an error.
    pub(crate) fn at(&self, operation: &'static str) -> impl FnOnce(rusqlite::Error) -> Error {
        Error::at(operation, self.path)
    }

    /// The file does not have what was written.
    pub(crate) fn damaged(&self, detail: String) -> Error {
        Error::Damaged {
            path: self.path.into(),
            detail,
        }
    }
}

/// A number as SQLite keeps it.
pub(crate) fn sql_int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A number as SQLite kept it.
pub(crate) fn from_sql_int(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
