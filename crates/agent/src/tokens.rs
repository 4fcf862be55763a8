//! The fencing tokens: of two coordinators the older one is refused (invariant I5).
//!
//! The highest token of each service is on disk before a call that carries it is obeyed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use sys::file::FileError;

use crate::home;
use crate::refusal::Refusal;

/// The highest token of each service.
#[derive(Debug)]
pub(crate) struct Tokens {
    path: PathBuf,
    highest: Mutex<BTreeMap<String, u64>>,
}

impl Tokens {
    /// Reads the tokens kept at `path`.
    ///
    /// # Errors
    /// Where they are there and cannot be read: obeying anyone would be unsafe then.
    pub(crate) fn open(path: PathBuf) -> Result<Self, FileError> {
        let highest = home::read(&path)?.unwrap_or_default();
        Ok(Self {
            path,
            highest: Mutex::new(highest),
        })
    }

    /// The highest token of each service.
    pub(crate) fn all(&self) -> BTreeMap<String, u64> {
        self.highest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Lets a call with this token pass, or refuses it. A call without one is a person's.
    ///
    /// # Errors
    /// `stale_token` where a higher one was seen; a failure to write leaves everything as it was.
    pub(crate) fn admit(&self, service: &str, token: Option<u64>) -> Result<(), Refusal> {
        let Some(token) = token else {
            return Ok(());
        };
        let mut highest = self.highest.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = highest.get(service).copied().unwrap_or(0);
        if token < seen {
            return Err(Refusal::conflict(
                "stale_token",
                format!(
                    "the lease of {service} has passed on: token {token} is older than {seen}; \
                     another coordinator acts now"
                ),
            ));
        }
        if token > seen {
            let mut next = highest.clone();
            next.insert(service.to_owned(), token);
            home::write(&self.path, &next)?;
            *highest = next;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_token_is_refused_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens.json");
        let tokens = Tokens::open(path.clone()).unwrap();
        tokens.admit("shop.production", Some(7)).unwrap();
        tokens.admit("shop.production", Some(7)).unwrap();
        tokens.admit("shop.staging", Some(1)).unwrap();
        let again = Tokens::open(path).unwrap();
        let refusal = again.admit("shop.production", Some(6)).unwrap_err();
        assert_eq!(refusal.kind, "stale_token");
        assert_eq!(refusal.status, http::StatusCode::CONFLICT);
        again.admit("shop.production", None).unwrap();
        assert_eq!(again.all()["shop.production"], 7);
    }

    #[test]
    fn a_token_that_cannot_be_kept_is_not_obeyed() {
        let dir = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(dir.path().join("gone/tokens.json")).unwrap();
        assert!(tokens.admit("shop.production", Some(2)).is_err());
        assert!(tokens.all().is_empty());
    }

    #[test]
    fn damaged_tokens_are_not_taken_for_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens.json");
        sys::file::write_atomic(&path, b"{\"shop", sys::file::Access::Private).unwrap();
        assert!(Tokens::open(path).is_err());
    }
}
