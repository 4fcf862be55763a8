//! The ledger's file, and the door to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::check::{self, Soundness};
use crate::wire::v1::{Broken, Call, Refusal, Reply, Verb};
use crate::work::{Stop, Work};
use crate::{Error, freezes, lease, read, requests, rollouts, schema, service};

/// SQLite's page size unless told otherwise, in bytes.
const PAGE: u64 = 4096;

/// An open ledger. Calls block for as long as the disk takes.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    soundness: Soundness,
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
        durable(&connection, path)?;
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
        let mut ledger = Self {
            connection,
            path: path.into(),
            soundness: Soundness::default(),
        };
        ledger.check_tail()?;
        Ok(ledger)
    }

    /// The damage that is known so far, at most one of each rollout. A damaged rollout can be read up to its
    /// damage and takes no more entries; all else goes on. [`Call::Verify`] looks at everything.
    pub fn broken(&self) -> impl Iterator<Item = &Broken> {
        self.soundness.known()
    }

    fn check_tail(&mut self) -> Result<(), Error> {
        let path = self.path.as_path();
        let sql = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(Error::at("begin", path))?;
        let work = Work {
            sql,
            path,
            now_ms: 0,
        };
        check::tail(&work, &mut self.soundness)?;
        work.sql.commit().map_err(Error::at("commit", path))
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
        let reply = answer(&work, &mut self.soundness, call)?;
        work.sql.commit().map_err(Error::at("commit", path))?;
        Ok(reply)
    }
}

fn answer(work: &Work<'_>, soundness: &mut Soundness, call: Call) -> Result<Reply, Stop> {
    Ok(match call {
        Call::Acquire {
            service,
            holder,
            ttl_ms,
            above,
        } => lease::acquire(work, &service, &holder, ttl_ms, above)?,
        Call::Renew {
            service,
            token,
            ttl_ms,
        } => lease::renew(work, &service, token, ttl_ms)?,
        Call::Release { service, token } => lease::release(work, &service, token)?,
        Call::Leases { service } => lease::list(work, service.as_deref())?,
        Call::ForceRelease { service, by } => lease::force_release(work, &service, &by)?,
        Call::RequestAbort { service, by } => {
            lease::require_held(work, &service)?;
            // Where nothing is left to abort, its caller sees that itself.
            if service::unfinished(work, &service)?.is_some() {
                requests::ask(work, soundness, &service, Verb::Abort, &by, None)?;
            }
            Reply::Done
        }
        Call::Request {
            service,
            verb,
            by,
            why,
        } => requests::ask(work, soundness, &service, verb, &by, why.as_deref())?,
        Call::Taken {
            service,
            token,
            ids,
        } => {
            lease::require(work, &service, token)?;
            requests::take(work, soundness, &service, &ids)?;
            Reply::Done
        }
        Call::Freeze {
            environment,
            until_ms,
            why,
            by,
        } => freezes::freeze(work, &environment, until_ms, &why, &by)?,
        Call::Thaw {
            environment,
            id,
            by,
            why,
        } => freezes::thaw(work, &environment, id, &by, why)?,
        Call::Freezes { environment } => Reply::Freezes {
            freezes: freezes::held(work, environment.as_deref())?,
        },
        Call::Verify => check::whole(work, soundness)?,
        Call::Begin {
            service,
            token,
            plan,
            settings,
            by,
            despite_freeze,
        } => {
            lease::require(work, &service, token)?;
            let begin = rollouts::Begin {
                service,
                token,
                plan,
                settings,
                by,
                despite_freeze,
            };
            rollouts::begin(work, begin)?
        }
        Call::Append {
            service,
            token,
            rollout,
            entries,
            effect,
            taken,
        } => {
            lease::require(work, &service, token)?;
            requests::take(work, soundness, &service, &taken)?;
            let reply = rollouts::append(work, soundness, &service, &rollout, &entries, &effect)?;
            check::advance(work, soundness)?;
            reply
        }
        Call::Rollout { rollout, after } => read::rollout(work, soundness, &rollout, after)?,
        Call::Rollouts { service, limit } => read::list(work, service.as_deref(), limit)?,
        Call::Service { service } => service::read(work, &service)?,
    })
}

/// Sets the file up so that what was answered for is on the disk, and checks that it took.
fn durable(connection: &Connection, path: &Path) -> Result<(), Error> {
    let settings =
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;";
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(Error::at("open", path))?;
    connection
        .execute_batch(settings)
        .map_err(Error::at("open", path))?;
    let synchronous: i64 = connection
        .query_row("PRAGMA synchronous", [], |row| row.get(0))
        .map_err(Error::at("open", path))?;
    if (mode.as_str(), synchronous) == ("wal", 2) {
        return Ok(());
    }
    Err(Error::Storage {
        operation: "open",
        path: path.into(),
        detail: format!(
            "its file system gives journal mode `{mode}` with synchronous {synchronous}, and durable writes need \
             `wal` with 2: put the ledger on a local disk"
        ),
    })
}

/// A hash in hex.
pub(crate) fn hex(hash: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*hash).to_hex().to_string()
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
