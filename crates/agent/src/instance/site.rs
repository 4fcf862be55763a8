//! What instances of a host have in common.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use host::environment::{self, Parts};

use super::ports::Ports;
use crate::api::v1::InstanceSpec;
use crate::home::Home;
use crate::refusal::Refusal;

/// The host as instances see it.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) home: Home,
    /// The program that shims are started with.
    pub(crate) binary: PathBuf,
    /// The short name of the host, as in node names.
    pub(crate) host: String,
    /// The agent's own environment, of which instances get a few variables.
    pub(crate) environment: BTreeMap<String, String>,
    /// The ports given to each instance.
    pub(super) ports: Ports,
}

impl Site {
    pub(crate) fn new(
        home: Home,
        binary: PathBuf,
        host: String,
        environment: BTreeMap<String, String>,
    ) -> Self {
        let ports = Ports::new(home.dir().display().to_string());
        Self {
            home,
            binary,
            host,
            environment,
            ports,
        }
    }

    /// The whole environment of an instance.
    pub(super) fn environment(
        &self,
        spec: &InstanceSpec,
        ports: &BTreeMap<String, u16>,
        node: &str,
        root: &Path,
    ) -> Result<BTreeMap<String, String>, Refusal> {
        let parts = Parts {
            given: &spec.env,
            ports,
            node,
            root,
        };
        Ok(environment::of(parts, |name| {
            self.environment.get(name).cloned()
        })?)
    }
}
