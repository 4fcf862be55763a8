//! The ledger's file, and the door to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::v1::{Call, Refusal, Reply};
use crate::{Error, lease, rollouts, schema, service};

/// SQLite's page size unless told otherwise, in bytes.
const PAGE: u64 = 4096;

/// An open ledger. Calls block for as long as the disk takes.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
}

/// What a call works with.
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

impl Ledger {
    /// Opens the ledger in `path`, makes it where there is none, and brings it up to date. Its directory
    /// must be there.
    ///
    /// # Errors
    /// Where the file is damaged, newer than this program, or cannot be used; it is left as it was.
    pub fn open(path: &Path) -> Result<Self, Error> {
        refuse_stump(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection =
            Connection::open_with_flags(path, flags).map_err(Error::at("open", path))?;
        connection
            .busy_timeout(Duration::from_secs(10))
            .map_err(Error::at("open", path))?;
        let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                        PRAGMA trusted_schema = OFF;";
        connection
            .execute_batch(settings)
            .map_err(Error::at("open", path))?;
        let check: String = connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(Error::at("check", path))?;
        if check != "ok" {
            return Err(Error::Damaged {
                path: path.into(),
                detail: check,
            });
        }
        schema::migrate(&mut connection, path)?;
        Ok(Self {
            connection,
            path: path.into(),
        })
    }

    /// Answers a call. `now_ms` is the time in milliseconds since the epoch.
    pub fn handle(&mut self, call: Call, now_ms: u64) -> Reply {
        match self.transact(call, now_ms) {
            Ok(reply) => reply,
            Err(Stop::Rule(kind, message)) => Reply::Refused { kind, message },
            Err(Stop::File(error)) => Reply::Refused {
                kind: if error.may_pass() {
                    Refusal::Busy
                } else {
                    Refusal::Storage
                },
                message: error.to_string(),
            },
        }
    }

    fn transact(&mut self, call: Call, now_ms: u64) -> Result<Reply, Stop> {
        let path = self.path.as_path();
        let sql = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(Error::at("begin", path))?;
        let work = Work { sql, path, now_ms };
        let reply = match call {
            Call::Acquire {
                service,
                holder,
                ttl_ms,
                above,
            } => lease::acquire(&work, &service, &holder, ttl_ms, above)?,
            Call::Renew {
                service,
                token,
                ttl_ms,
            } => lease::renew(&work, &service, token, ttl_ms)?,
            Call::Release { service, token } => lease::release(&work, &service, token)?,
            Call::Leases { service } => lease::list(&work, service.as_deref())?,
            Call::ForceRelease { service, by } => lease::force_release(&work, &service, &by)?,
            Call::RequestAbort { service, by } => lease::request_abort(&work, &service, &by)?,
            Call::Begin {
                service,
                token,
                plan,
                settings,
                by,
                ..
            } => {
                lease::require(&work, &service, token)?;
                rollouts::begin(&work, &service, token, &plan, &settings, &by)?
            }
            Call::Append {
                service,
                token,
                rollout,
                entries,
                effect,
                ..
            } => {
                lease::require(&work, &service, token)?;
                rollouts::append(&work, &service, &rollout, &entries, &effect)?
            }
            Call::Rollout { rollout } => rollouts::read(&work, &rollout)?,
            Call::Rollouts { service, limit } => rollouts::list(&work, service.as_deref(), limit)?,
            Call::Service { service } => service::read(&work, &service)?,
            Call::Request { .. }
            | Call::Taken { .. }
            | Call::Freeze { .. }
            | Call::Thaw { .. }
            | Call::Freezes { .. }
            | Call::Verify => {
                let message = "this ledger cannot do that".to_owned();
                return Err(Stop::Rule(Refusal::Invalid, message));
            }
        };
        work.sql.commit().map_err(Error::at("commit", path))?;
        Ok(reply)
    }
}

impl Work<'_> {
    /// Reads a JSON column; what does not fit is damage.
    pub(crate) fn json<T: DeserializeOwned>(&self, what: &str, text: &str) -> Result<T, Error> {
        serde_json::from_str(text).map_err(|e| Error::Damaged {
            path: self.path.into(),
            detail: format!("{what} is not what was written: {e}"),
        })
    }

    /// Writes a JSON column.
    pub(crate) fn text(&self, value: &impl Serialize) -> Result<String, Error> {
        serde_json::to_string(value).map_err(|e| Error::Storage {
            operation: "write JSON",
            path: self.path.into(),
            detail: e.to_string(),
        })
    }

    /// Adds the operation and the file to an error.
    pub(crate) fn at(&self, operation: &'static str) -> impl FnOnce(rusqlite::Error) -> Error {
        Error::at(operation, self.path)
    }
}

/// Refuses what is left of a file that was cut within its first page: SQLite would take it for a new one,
/// and forget everything without a word.
fn refuse_stump(path: &Path) -> Result<(), Error> {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let found = size(path);
    if found == 0 || found >= PAGE || size(Path::new(&log)) > 0 {
        return Ok(());
    }
    let detail = format!("it ends after {found} bytes");
    Err(Error::Damaged {
        path: path.into(),
        detail,
    })
}

/// A number as SQLite keeps it.
pub(crate) fn sql_int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A number as SQLite kept it.
pub(crate) fn from_sql_int(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
