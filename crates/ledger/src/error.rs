//! What can go wrong with the file.

use std::path::{Path, PathBuf};

/// The ledger's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is no intact ledger.
    #[error(
        "the ledger {} is damaged: {detail}; stop the agent and move the file and its -wal and -shm away, or \
         restore them from a backup; the proxies go on serving meanwhile",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// The file was written by a later version.
    #[error(
        "the ledger {} has schema {found}, and this cutover knows up to {known}: use the newer cutover that \
         wrote it",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema known.
        known: i64,
    },
    /// The disk is full.
    #[error("cannot {operation} in the ledger {}: the disk is full; free some space and repeat", path.display())]
    NoSpace {
        /// What was attempted.
        operation: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// Another process keeps the file locked.
    #[error("cannot {operation} in the ledger {}: another process keeps it locked; repeat", path.display())]
    Locked {
        /// What was attempted.
        operation: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// Anything else.
    #[error("cannot {operation} in the ledger {}: {detail}", path.display())]
    Storage {
        /// What was attempted.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
}

impl Error {
    /// Returns a closure for `map_err` that says what was attempted and where.
    pub(crate) fn at(operation: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let path = path.to_path_buf();
        move |error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged {
                path,
                detail: error.to_string(),
            },
            Some(ErrorCode::DiskFull) => Self::NoSpace { operation, path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Locked { operation, path }
            }
            _ => Self::Storage {
                operation,
                path,
                detail: error.to_string(),
            },
        }
    }

    /// Says whether the same may succeed later.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::NoSpace { .. } | Self::Locked { .. })
    }
}
