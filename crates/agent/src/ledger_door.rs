//! The door to the ledger, which stays shut while its file cannot be used, and shuts in nobody else.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use ledger::Ledger;
use ledger::wire::v1::{Call, Refusal, Reply};

/// The ledger, opened with the first call that finds its file in order.
#[derive(Debug)]
pub(crate) struct LedgerDoor {
    path: PathBuf,
    ledger: Mutex<Option<Ledger>>,
}

impl LedgerDoor {
    /// Opens the ledger at `path`, or says in the log why it cannot.
    pub(crate) fn open(path: PathBuf) -> Self {
        let ledger = Ledger::open(&path)
            .inspect(tell_damage)
            .inspect_err(|error| tracing::error!(%error, "calls to the ledger are refused"))
            .ok();
        Self {
            path,
            ledger: Mutex::new(ledger),
        }
    }

    /// Passes a call on; refused where the ledger still cannot be opened. Blocks.
    pub(crate) fn handle(&self, call: Call, now_ms: u64) -> Reply {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        if ledger.is_none() {
            match Ledger::open(&self.path) {
                Ok(opened) => {
                    tell_damage(&opened);
                    tracing::info!(path = %self.path.display(), "the ledger is in order again");
                    *ledger = Some(opened);
                }
                Err(error) => return refused(&error),
            }
        }
        match ledger.as_mut() {
            Some(ledger) => ledger.handle(call, now_ms),
            None => Reply::Refused {
                kind: Refusal::Storage,
                message: format!("the ledger {} is not open", self.path.display()),
            },
        }
    }
}

/// Says in the log which rollouts are not what was written; all else of the ledger works.
fn tell_damage(ledger: &Ledger) {
    for broken in ledger.broken() {
        tracing::error!(
            rollout = broken.rollout,
            entry = broken.seq,
            what = broken.what,
            "the ledger is damaged here, and takes no more of that rollout"
        );
    }
}

fn refused(error: &ledger::Error) -> Reply {
    Reply::Refused {
        kind: if error.may_pass() {
            Refusal::Busy
        } else {
            Refusal::Storage
        },
        message: format!(
            "{error}; instances and proxy go on, and it is tried again with each call"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_ledger_refuses_calls_until_its_file_is_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.db");
        let damaged = vec![7; 8192];
        sys::file::write_atomic(&path, &damaged, sys::file::Access::Private).unwrap();
        let door = LedgerDoor::open(path.clone());
        let call = || Call::Leases { service: None };
        for _ in 0..2 {
            let Reply::Refused { kind, message } = door.handle(call(), 1) else {
                panic!("a damaged ledger answers");
            };
            assert_eq!(kind, Refusal::Storage);
            assert!(
                message.contains("ledger.db") && message.contains("move the file"),
                "{message}"
            );
        }
        assert_eq!(sys::file::read_bounded(&path, 10_000).unwrap(), damaged);
        std::fs::rename(&path, dir.path().join("away")).unwrap();
        let leases = vec![];
        assert_eq!(door.handle(call(), 1), Reply::Leases { leases });
    }
}
