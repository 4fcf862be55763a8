//! A service as the registry keeps it: its split, versions and drains.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::control::v1::{Drain, Traffic, Version};
use crate::counters::{Choice, merged};
use crate::drain;
use crate::split::{Split, Tick};
use crate::state::KeptService;
use crate::sticky::Cookie;
use crate::table::{Route, RoutedVersion, ServiceState};
use crate::version::{BackendState, VersionState};

/// How many versions that are gone keep their counters.
const RETIRED_MAX: usize = 32;

/// One service.
#[derive(Debug)]
pub(crate) struct Service {
    /// As configured, and how firm that is.
    pub(crate) split: Split,
    /// Its life in the proxy.
    pub(crate) state: Arc<ServiceState>,
    versions: BTreeMap<String, Arc<VersionState>>,
    backends: HashMap<SocketAddr, Arc<BackendState>>,
    drains: BTreeMap<String, JoinHandle<()>>,
    workers: usize,
}

impl Service {
    /// A service new to the proxy; it routes nothing until [`Service::configure`].
    pub(crate) fn new(split: Split, epoch: u64, workers: usize) -> Self {
        Self {
            split,
            state: Arc::new(ServiceState::new(epoch, workers)),
            versions: BTreeMap::new(),
            backends: HashMap::new(),
            drains: BTreeMap::new(),
            workers,
        }
    }

    /// Takes a configuration and brings versions, instances and drains in line with it.
    pub(crate) fn configure(&mut self, split: Split) {
        self.split = split;
        self.fit();
    }

    /// Lets time pass; returns the stable version if all traffic has just gone back to it.
    pub(crate) fn expire(&mut self, now: Tick) -> Option<String> {
        let stable = self.split.expire(now)?;
        self.fit();
        Some(stable)
    }

    /// Takes the service away: connections to its instances are kept no longer.
    pub(crate) fn close(&mut self) {
        for (_, backend) in self.backends.drain() {
            backend.set_routable(false);
        }
    }

    fn fit(&mut self) {
        let workers = self.workers;
        let mut backends = HashMap::new();
        for version in &self.split.config().versions {
            let state = self
                .versions
                .entry(version.artifact.clone())
                .or_insert_with(|| Arc::new(VersionState::new(&version.artifact, workers)));
            let is_requested = version.weight > 0 || self.split.is_beside(&version.artifact);
            if is_requested && !self.split.has_left() {
                state.spare();
                if let Some(drain) = self.drains.remove(&version.artifact) {
                    drain.abort();
                }
            }
            for backend in &version.backends {
                let known = self
                    .backends
                    .remove(&backend.address)
                    .unwrap_or_else(|| Arc::new(BackendState::new(backend.address, workers)));
                known.set_routable(is_requested && backend.healthy);
                backends.insert(backend.address, known);
            }
        }
        for (_, gone) in std::mem::replace(&mut self.backends, backends) {
            gone.set_routable(false);
        }
        self.forget_retired();
    }

    /// The service as routed.
    pub(crate) fn route(&self) -> Route {
        let config = self.split.config();
        let versions = config.versions.iter();
        Route {
            state: Arc::clone(&self.state),
            limits: config.limits.clone(),
            versions: versions.filter_map(|v| self.routed(v)).collect(),
            choice: Choice::Weighted,
            stable: self.split.stable_index(),
            cookie: config
                .sticky
                .as_ref()
                .map(|sticky| Cookie::new(sticky, &config.path_prefix)),
            testers: config.testers.clone(),
            readiness: config.readiness.clone(),
        }
    }

    /// The service as routed on its preview's listener.
    pub(crate) fn preview_route(&self) -> Option<Route> {
        let config = self.split.config();
        let artifact = &config.preview.as_ref()?.artifact;
        let version = config.versions.iter().find(|v| v.artifact == *artifact)?;
        let mut routed = self.routed(version)?;
        routed.weight = 100;
        Some(Route {
            state: Arc::clone(&self.state),
            limits: config.limits.clone(),
            versions: vec![routed],
            choice: Choice::Preview,
            stable: 0,
            cookie: None,
            testers: None,
            readiness: None,
        })
    }

    fn routed(&self, version: &Version) -> Option<RoutedVersion> {
        let healthy = version.backends.iter().filter(|backend| backend.healthy);
        Some(RoutedVersion {
            weight: version.weight,
            state: Arc::clone(self.versions.get(&version.artifact)?),
            healthy: healthy
                .filter_map(|backend| self.backends.get(&backend.address))
                .map(Arc::clone)
                .collect(),
        })
    }

    /// Says whether a version has weight; `None` where it is unknown.
    pub(crate) fn weight(&self, artifact: &str) -> Option<u8> {
        self.versions.get(artifact)?;
        let configured = self.split.weights().find(|(known, _)| *known == artifact);
        Some(configured.map_or(0, |(_, weight)| weight))
    }

    /// Starts, or changes, the drain of a known version.
    pub(crate) fn drain(&mut self, drain: Drain) {
        let Some(version) = self.versions.get(&drain.artifact) else {
            return;
        };
        let artifact = drain.artifact.clone();
        let next = drain::begin(version, &drain);
        let running = tokio::spawn(drain::run(Arc::clone(version), drain, next));
        if let Some(before) = self.drains.insert(artifact, running) {
            before.abort();
        }
    }

    /// The artifacts that are draining.
    pub(crate) fn draining(&self) -> Vec<String> {
        let running = self.drains.iter().filter(|(_, drain)| !drain.is_finished());
        running.map(|(artifact, _)| artifact.clone()).collect()
    }

    /// Every version that is known, and the one of requests that reach none.
    pub(crate) fn versions(&self) -> impl Iterator<Item = &Arc<VersionState>> {
        self.versions.values().chain([&self.state.nobody])
    }

    /// Closes connections that were idle for too long.
    pub(crate) fn sweep(&self) {
        for backend in self.backends.values() {
            backend.sweep();
        }
    }

    /// The counters.
    pub(crate) fn traffic(&self) -> Traffic {
        Traffic {
            epoch: self.state.epoch,
            versions: self
                .versions()
                .map(|version| (version.artifact.clone(), merged(&version.shards)))
                .collect(),
            held_now: u64::from(
                self.state
                    .held_now
                    .load(std::sync::atomic::Ordering::Relaxed),
            ),
        }
    }

    /// As kept on disk.
    pub(crate) fn kept(&self, now: Tick) -> KeptService {
        KeptService::new(&self.split, now)
    }

    fn forget_retired(&mut self) {
        let configured =
            |artifact: &String| self.split.weights().any(|(known, _)| known == artifact);
        let retired: Vec<String> = self
            .versions
            .iter()
            .filter(|(artifact, version)| !configured(artifact) && version.open() == 0)
            .map(|(artifact, _)| artifact.clone())
            .collect();
        let surplus = retired.len().saturating_sub(RETIRED_MAX);
        for artifact in &retired[..surplus] {
            self.versions.remove(artifact);
        }
    }
}
