//! What instances of a host have in common.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use host::environment::{self, Parts};
use host::port::Claim;

use super::Kept;
use super::ports::Ports;
use crate::api::v1::InstanceSpec;
use crate::home::Home;
use crate::identity::Identity;
use crate::refusal::Refusal;

/// The host as instances see it.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) home: Home,
    /// The program that shims are started with.
    pub(crate) binary: PathBuf,
    /// What the host is called.
    pub(crate) identity: Identity,
    /// The agent's own environment, of which instances get a few variables.
    pub(crate) environment: BTreeMap<String, String>,
    /// The ports given to each instance.
    pub(super) ports: Ports,
}

impl Site {
    pub(crate) fn new(
        home: Home,
        binary: PathBuf,
        identity: Identity,
        environment: BTreeMap<String, String>,
    ) -> Self {
        let ports = Ports::new(home.dir().display().to_string());
        Self {
            home,
            binary,
            identity,
            environment,
            ports,
        }
    }

    /// The whole environment of an instance.
    pub(super) fn environment(
        &self,
        spec: &InstanceSpec,
        kept: &Kept,
        root: &Path,
    ) -> Result<BTreeMap<String, String>, Refusal> {
        let parts = Parts {
            given: &spec.env,
            ports: &kept.ports,
            node: &kept.node,
            root,
        };
        let mut env = environment::of(parts, |name| self.environment.get(name).cloned())?;
        if let Some(port) = kept.epmd_port {
            env.entry("ERL_EPMD_PORT".into())
                .or_insert_with(|| port.to_string());
        }
        Ok(env)
    }

    /// The environment of a command that belongs to no instance.
    pub(crate) fn bare_environment(&self) -> BTreeMap<String, String> {
        environment::base(|name| self.environment.get(name).cloned())
    }

    /// The port of the name server for new instances, where it is the agent's own.
    pub(super) fn epmd_port(&self) -> Option<u16> {
        self.identity.epmd.as_ref().map(Claim::port)
    }

    /// The whole name of an instance's node.
    pub(crate) fn node(&self, kept: &Kept) -> String {
        format!("{}@{}", kept.node, self.identity.machine)
    }
}
