//! The fencing tokens: of two coordinators the older one is refused (invariant I5).
//!
//! The highest token of each service is on disk before a call that carries it is obeyed. Where the file
//! cannot be read no coordinator is obeyed, as each might be an older one; what runs is looked after.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::home;
use crate::refusal::Refusal;

/// The highest token of each service.
#[derive(Debug)]
pub(crate) struct Tokens {
    path: PathBuf,
    /// Nothing until the file can be read.
    highest: Mutex<Option<BTreeMap<String, u64>>>,
}

impl Tokens {
    /// Reads the tokens kept at `path`, or says in the log why it cannot.
    pub(crate) fn open(path: PathBuf) -> Self {
        let highest = read(&path)
            .inspect_err(|refusal| tracing::error!(%refusal, "no coordinator is obeyed"))
            .ok();
        Self {
            path,
            highest: Mutex::new(highest),
        }
    }

    /// The highest token of each service; none while the file cannot be read.
    pub(crate) fn all(&self) -> BTreeMap<String, u64> {
        self.highest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .unwrap_or_default()
    }

    /// Lets a call with this token pass, or refuses it. A call without one is a person's.
    ///
    /// # Errors
    /// `stale_token` where a higher one was seen, `tokens_unreadable` where nobody knows what was seen; a
    /// failure to write leaves everything as it was.
    pub(crate) fn admit(&self, service: &str, token: Option<u64>) -> Result<(), Refusal> {
        let Some(token) = token else {
            return Ok(());
        };
        let mut known = self.highest.lock().unwrap_or_else(PoisonError::into_inner);
        let highest = match known.take() {
            Some(highest) => highest,
            None => read(&self.path)?,
        };
        let highest = known.insert(highest);
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

fn read(path: &Path) -> Result<BTreeMap<String, u64>, Refusal> {
    let read = home::read(path).map_err(|error| {
        let message = format!(
            "{error}: it holds which coordinators are too old to be obeyed, and until it can be read none is; \
             make sure that no deploy to this host is under way, then restore the file, or move it away"
        );
        Refusal::failed("tokens_unreadable", message)
    })?;
    Ok(read.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_token_is_refused_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens.json");
        let tokens = Tokens::open(path.clone());
        tokens.admit("shop.production", Some(7)).unwrap();
        tokens.admit("shop.production", Some(7)).unwrap();
        tokens.admit("shop.staging", Some(1)).unwrap();
        let again = Tokens::open(path);
        let refusal = again.admit("shop.production", Some(6)).unwrap_err();
        assert_eq!(refusal.kind, "stale_token");
        assert_eq!(refusal.status, http::StatusCode::CONFLICT);
        again.admit("shop.production", None).unwrap();
        assert_eq!(again.all()["shop.production"], 7);
    }

    #[test]
    fn a_token_that_cannot_be_kept_is_not_obeyed() {
        let dir = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(dir.path().join("gone/tokens.json"));
        assert!(tokens.admit("shop.production", Some(2)).is_err());
        assert!(tokens.all().is_empty());
    }

    #[test]
    fn damaged_tokens_are_not_taken_for_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens.json");
        sys::file::write_atomic(&path, b"{\"shop", sys::file::Access::Private).unwrap();
        let tokens = Tokens::open(path.clone());
        for _ in 0..2 {
            let refusal = tokens.admit("shop.production", Some(9)).unwrap_err();
            assert_eq!(refusal.kind, "tokens_unreadable");
            assert!(refusal.message.contains("move it away"), "{refusal}");
        }
        tokens.admit("shop.production", None).unwrap();
        sys::file::write_atomic(
            &path,
            b"{\"shop.production\": 8}",
            sys::file::Access::Private,
        )
        .unwrap();
        let refusal = tokens.admit("shop.production", Some(7)).unwrap_err();
        assert_eq!(refusal.kind, "stale_token");
        tokens.admit("shop.production", Some(9)).unwrap();
    }
}
