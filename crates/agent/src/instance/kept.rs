//! What is kept on disk of an instance: `state.json`, beside `spec.json`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sys::file::FileError;

use crate::api::v1::{HookOutcome, InstanceSpec};
use crate::home;

/// What an instance should be doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Desired {
    Running,
    Stopped,
}

/// The state of an instance that outlasts the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// What it should be doing: written before it is done.
    pub(crate) desired: Desired,
    /// Counts its runs.
    pub(crate) run: u64,
    /// The release's name, which is its launcher's.
    pub(crate) release: String,
    pub(crate) vsn: String,
    /// Its node name without the host.
    pub(crate) node: String,
    pub(crate) ports: BTreeMap<String, u16>,
    pub(crate) restarts: u32,
    pub(crate) started_ms: Option<u64>,
    pub(crate) last_exit: Option<String>,
    pub(crate) warm_until_ms: Option<u64>,
    /// The last of its runs whose `post-start` hooks have ended, or that has none.
    #[serde(default)]
    pub(crate) risen: u64,
    /// The port of its name server, where that is the agent's own.
    #[serde(default)]
    pub(crate) epmd_port: Option<u16>,
    /// What became of the hooks of the last start, and of the stop after it.
    #[serde(default)]
    pub(crate) hooks: Vec<HookOutcome>,
}

impl Kept {
    /// What is kept of an instance that was never told to run.
    pub(super) fn nothing() -> Self {
        Self {
            desired: Desired::Stopped,
            run: 0,
            release: String::new(),
            vsn: String::new(),
            node: String::new(),
            ports: BTreeMap::new(),
            restarts: 0,
            started_ms: None,
            last_exit: None,
            warm_until_ms: None,
            risen: 0,
            epmd_port: None,
            hooks: Vec::new(),
        }
    }

    pub(super) fn write(&self, dir: &Path) -> Result<(), FileError> {
        home::write(&dir.join("state.json"), self)
    }
}

pub(super) fn write_spec(dir: &Path, spec: &InstanceSpec) -> Result<(), FileError> {
    home::write(&dir.join("spec.json"), spec)
}

/// Reads what is kept; `None` for a directory that holds no instance yet.
pub(super) fn read(dir: &Path) -> Result<Option<(InstanceSpec, Kept)>, FileError> {
    let spec = home::read(&dir.join("spec.json"))?;
    let kept = home::read(&dir.join("state.json"))?;
    Ok(spec.zip(kept))
}
