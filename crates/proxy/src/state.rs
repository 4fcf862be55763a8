//! The proxy's state on disk: one file, written twice.
//!
//! ```text
//! cutover-proxy-state 1 BLAKE3-OF-THE-REST
//! {"sequence":7, …}
//! ```
//!
//! `state.json` and `state.copy.json` hold the same; each is written atomically. Whatever happens to one
//! of them, the other still has everything; of two whole ones the later counts. A damaged file is kept
//! aside (`.bad`), never silently replaced.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sys::file::{self, Access, FileError};

use crate::control::v1::{Listener, ServiceConfig};
use crate::split::{Split, Tick};

const MAGIC: &str = "cutover-proxy-state 1 ";
const BYTES_MAX: u64 = 64 * 1024 * 1024;
const NAMES: [&str; 2] = ["state.json", "state.copy.json"];

/// Everything the proxy must know again after a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// Grows with every write.
    pub(crate) sequence: u64,
    /// The boot that lease deadlines count from.
    pub(crate) boot: String,
    /// Every listener with the port it has.
    pub(crate) listeners: Vec<Listener>,
    /// Every service.
    pub(crate) services: BTreeMap<String, KeptService>,
}

/// A service as kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptService {
    /// Its configuration; of a lease the time left when it was written, which does not count.
    pub(crate) config: ServiceConfig,
    /// When the lease runs out, in milliseconds since boot.
    pub(crate) lease_expires_ms: Option<u64>,
    /// Whether a lease ran out.
    pub(crate) reverted: bool,
}

impl KeptService {
    /// A split as it is now.
    pub(crate) fn new(split: &Split, now: Tick) -> Self {
        Self {
            config: split.config_at(now),
            lease_expires_ms: split.expires_at(),
            reverted: split.has_reverted(),
        }
    }
}

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is cut short or altered.
    #[error("the proxy's state in {} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// Keeps the state in a directory.
#[derive(Debug)]
pub(crate) struct Store {
    dir: PathBuf,
}

impl Store {
    /// In the proxy's home.
    pub(crate) fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
        }
    }

    /// Writes the state; when this returns, it survives a power cut.
    ///
    /// # Errors
    /// Where a file cannot be written; the old state may stand in one of the two or in both.
    pub(crate) fn write(&self, state: &State) -> Result<(), StateError> {
        let bytes = encode(state).map_err(|e| self.damaged(NAMES[0], e))?;
        for name in NAMES {
            file::write_atomic(&self.dir.join(name), &bytes, Access::Private)?;
        }
        Ok(())
    }

    /// Reads the latest state that is whole, or an empty one where there is none. Also returns what was
    /// wrong, for the log; damaged files are moved aside.
    pub(crate) fn read(&self) -> (State, Vec<StateError>) {
        let mut complaints = Vec::new();
        let mut best: Option<State> = None;
        for name in NAMES {
            match self.read_one(name) {
                Ok(Some(state)) => {
                    if best
                        .as_ref()
                        .is_none_or(|best| best.sequence < state.sequence)
                    {
                        best = Some(state);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    complaints.push(error);
                    let path = self.dir.join(name);
                    let aside = self.dir.join(format!("{name}.bad"));
                    if let Err(error) = fs::rename(&path, &aside) {
                        complaints.push(FileError::at("move aside", path)(error).into());
                    }
                }
            }
        }
        (best.unwrap_or_default(), complaints)
    }

    fn read_one(&self, name: &str) -> Result<Option<State>, StateError> {
        let path = self.dir.join(name);
        match file::read_bounded(&path, BYTES_MAX) {
            Ok(bytes) => decode(&bytes).map(Some).map_err(|e| self.damaged(name, e)),
            Err(error) if error.source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn damaged(&self, name: &str, reason: String) -> StateError {
        StateError::Damaged {
            path: self.dir.join(name),
            reason,
        }
    }
}

fn encode(state: &State) -> Result<Vec<u8>, String> {
    let json = serde_json::to_vec(state).map_err(|e| e.to_string())?;
    let mut bytes = format!("{MAGIC}{}\n", blake3::hash(&json)).into_bytes();
    bytes.extend(json);
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Result<State, String> {
    let rest = bytes
        .strip_prefix(MAGIC.as_bytes())
        .ok_or("it does not begin as a state file of version 1")?;
    let (digest, json) = rest
        .iter()
        .position(|byte| *byte == b'\n')
        .and_then(|at| Some((rest.get(..at)?, rest.get(at + 1..)?)))
        .ok_or("it is cut short")?;
    if blake3::hash(json).to_hex().as_bytes() != digest {
        return Err("its digest does not fit: it is cut short or was altered".to_owned());
    }
    serde_json::from_slice(json).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(sequence: u64) -> State {
        let listen = "127.0.0.1:0".parse().unwrap();
        let bound = "127.0.0.1:4001".parse().unwrap();
        State {
            sequence,
            boot: "b".to_owned(),
            listeners: vec![Listener {
                listen,
                bound,
                preview_of: None,
            }],
            services: BTreeMap::new(),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a test damages the file on purpose"
    )]
    fn damage(path: &Path, bytes: &[u8]) {
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn a_file_cut_or_altered_at_any_byte_is_refused() {
        let whole = encode(&sample(7)).unwrap();
        assert_eq!(decode(&whole), Ok(sample(7)));
        for at in 0..whole.len() {
            assert!(decode(&whole[..at]).is_err(), "cut at {at}");
            let mut altered = whole.clone();
            altered[at] ^= 0x20;
            assert!(decode(&altered).is_err(), "altered at {at}");
        }
    }

    #[test]
    fn one_damaged_copy_loses_nothing_and_is_kept_aside() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert_eq!(store.read().0, State::default());
        store.write(&sample(7)).unwrap();
        for name in NAMES {
            let path = dir.path().join(name);
            let whole = fs::read(&path).unwrap();
            damage(&path, &whole[..whole.len() / 2]);
            let (state, complaints) = store.read();
            assert_eq!(state, sample(7));
            assert!(complaints[0].to_string().contains(name), "{complaints:?}");
            assert!(dir.path().join(format!("{name}.bad")).exists());
            store.write(&sample(7)).unwrap();
        }
    }

    #[test]
    fn the_later_of_two_whole_copies_counts_and_two_damaged_ones_give_an_empty_state() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        store.write(&sample(7)).unwrap();
        damage(&dir.path().join(NAMES[0]), &encode(&sample(8)).unwrap());
        assert_eq!(store.read().0.sequence, 8);
        for name in NAMES {
            damage(&dir.path().join(name), b"{}");
        }
        let (state, complaints) = store.read();
        assert_eq!(state, State::default());
        assert_eq!(complaints.len(), 2);
    }
}
