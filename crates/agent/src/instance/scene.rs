//! An instance as the commands of its user see it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use super::{Kept, Site, hooks};
use crate::api::v1::{HookPoint, InstanceSpec, LifecycleHook, OnHookFailure};
use crate::name;
use crate::refusal::Refusal;

/// Where an instance is.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) site: Arc<Site>,
    pub(crate) id: String,
    /// The instance's directory.
    pub(crate) dir: PathBuf,
}

/// An instance that was told what to run, at one moment of its life.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) place: Arc<Place>,
    pub(crate) spec: Arc<InstanceSpec>,
    pub(crate) kept: Kept,
}

impl Scene {
    /// Where its HTTP port is reached.
    pub(crate) fn address(&self) -> SocketAddr {
        let port = self.kept.ports.get(&self.spec.http_port).copied();
        SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)))
    }

    /// The directory of the release.
    pub(crate) fn root(&self) -> PathBuf {
        self.place.dir.join("root")
    }

    /// Why no traffic may go to it whatever its check says, if that is so.
    pub(crate) fn gate(&self) -> Option<String> {
        self.hooks(HookPoint::PostStart).next()?;
        if self.kept.risen != self.kept.run {
            return Some("its post-start hooks have not ended yet".to_owned());
        }
        let failed = self.kept.hooks.iter().find(|outcome| {
            let counts = |hook: &LifecycleHook| {
                hook.name == outcome.name && hook.on_failure != OnHookFailure::Ignore
            };
            outcome.point == HookPoint::PostStart
                && !outcome.passed()
                && self.hooks(HookPoint::PostStart).any(counts)
        })?;
        Some(hooks::refused(failed).to_string())
    }

    /// The instance's environment, and what tells a command where it is.
    pub(crate) fn env(&self) -> Result<BTreeMap<String, String>, Refusal> {
        let root = self.root();
        let site = &self.place.site;
        let mut env = site.environment(&self.spec, &self.kept, &root)?;
        env.extend(variables(&site.identity.name, &self.place.id)?);
        let port = self.kept.ports.get(&self.spec.http_port);
        let more = [
            ("CUTOVER_ARTIFACT", self.spec.artifact.clone()),
            ("CUTOVER_VSN", self.kept.vsn.clone()),
            ("CUTOVER_PORT", port.map_or(String::new(), u16::to_string)),
            ("CUTOVER_ROOT", root.to_string_lossy().into_owned()),
            ("CUTOVER_NODE", site.node(&self.kept)),
        ];
        env.extend(more.map(|(name, value)| (name.to_owned(), value)));
        Ok(env)
    }
}

/// What a command can be told of an instance by its id alone.
pub(crate) fn variables(host: &str, id: &str) -> Result<BTreeMap<String, String>, Refusal> {
    let (key, slot) = name::instance(id)?;
    let (service, environment) = name::service(key)?;
    let known = [
        ("CUTOVER_SERVICE", service.to_owned()),
        ("CUTOVER_ENVIRONMENT", environment.to_owned()),
        ("CUTOVER_INSTANCE", id.to_owned()),
        ("CUTOVER_SLOT", slot.to_string()),
        ("CUTOVER_HOST", host.to_owned()),
    ];
    Ok(known
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect())
}
