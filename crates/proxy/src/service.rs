//! A service as the registry keeps it: its configuration, firmness, versions and drains.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::commitment::{Commitment, Firmness, Tick};
use crate::control::v1::{self, Drain, ServiceConfig, Traffic};
use crate::counters::merged;
use crate::drain;
use crate::state::KeptService;
use crate::table::{Route, RoutedVersion, ServiceState};
use crate::version::{BackendState, VersionState};

/// How many versions that are gone keep their counters.
const RETIRED_MAX: usize = 32;

/// One service.
#[derive(Debug)]
pub(crate) struct Service {
    /// As configured; its commitment is in `firmness`.
    pub(crate) config: ServiceConfig,
    /// How firm the weights are.
    pub(crate) firmness: Firmness,
    /// Its life in the proxy.
    pub(crate) state: Arc<ServiceState>,
    versions: BTreeMap<String, Arc<VersionState>>,
    backends: HashMap<SocketAddr, Arc<BackendState>>,
    drains: BTreeMap<String, JoinHandle<()>>,
    workers: usize,
}

impl Service {
    /// A service new to the proxy; it routes nothing until [`Service::configure`].
    pub(crate) fn new(
        config: ServiceConfig,
        firmness: Firmness,
        epoch: u64,
        workers: usize,
    ) -> Self {
        Self {
            config,
            firmness,
            state: Arc::new(ServiceState::new(epoch, workers)),
            versions: BTreeMap::new(),
            backends: HashMap::new(),
            drains: BTreeMap::new(),
            workers,
        }
    }

    /// Takes a configuration and brings versions, instances and drains in line with it.
    pub(crate) fn configure(&mut self, config: ServiceConfig, firmness: Firmness) {
        self.config = config;
        self.firmness = firmness;
        let workers = self.workers;
        let mut backends = HashMap::new();
        for version in &self.config.versions {
            let state = self
                .versions
                .entry(version.artifact.clone())
                .or_insert_with(|| Arc::new(VersionState::new(&version.artifact, workers)));
            if version.weight > 0 {
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
                known.set_routable(version.weight > 0 && backend.healthy);
                backends.insert(backend.address, known);
            }
        }
        for (_, gone) in std::mem::replace(&mut self.backends, backends) {
            gone.set_routable(false);
        }
        self.forget_retired();
    }

    /// Gives all traffic to one version.
    pub(crate) fn give_all_to(&mut self, stable: &str) {
        let mut config = self.config.clone();
        for version in &mut config.versions {
            version.weight = if version.artifact == stable { 100 } else { 0 };
        }
        self.configure(config, self.firmness.clone());
    }

    /// The service as routed.
    pub(crate) fn route(&self) -> Route {
        let versions = self.config.versions.iter().filter_map(|version| {
            let healthy = version.backends.iter().filter(|backend| backend.healthy);
            Some(RoutedVersion {
                weight: version.weight,
                state: Arc::clone(self.versions.get(&version.artifact)?),
                healthy: healthy
                    .filter_map(|backend| self.backends.get(&backend.address))
                    .map(Arc::clone)
                    .collect(),
            })
        });
        Route {
            state: Arc::clone(&self.state),
            limits: self.config.limits.clone(),
            versions: versions.collect(),
        }
    }

    /// Says whether a version has weight; `None` where it is unknown.
    pub(crate) fn weight(&self, artifact: &str) -> Option<u8> {
        self.versions.get(artifact)?;
        let configured = self.config.versions.iter().find(|v| v.artifact == artifact);
        Some(configured.map_or(0, |version| version.weight))
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

    /// As said to the outside, with the commitment as it is now.
    pub(crate) fn config_now(&self, now: Tick) -> ServiceConfig {
        let commitment = match &self.firmness.commitment {
            Commitment::Committed => v1::Commitment::Committed,
            Commitment::Prepared { stable } => v1::Commitment::Prepared {
                stable: stable.clone(),
            },
            Commitment::Leased { expires, stable } => v1::Commitment::Leased {
                ttl_ms: expires.saturating_sub(now),
                stable: stable.clone(),
            },
        };
        ServiceConfig {
            commitment,
            ..self.config.clone()
        }
    }

    /// As kept on disk.
    pub(crate) fn kept(&self, now: Tick) -> KeptService {
        KeptService {
            config: self.config_now(now),
            lease_expires_ms: match self.firmness.commitment {
                Commitment::Leased { expires, .. } => Some(expires),
                _ => None,
            },
            reverted: self.firmness.reverted,
        }
    }

    fn forget_retired(&mut self) {
        let configured =
            |artifact: &String| self.config.versions.iter().any(|v| &v.artifact == artifact);
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

/// Turns a commitment as said into one that counts from now.
pub(crate) fn firmness(commitment: &v1::Commitment, now: Tick) -> Firmness {
    Firmness::new(match commitment {
        v1::Commitment::Committed => Commitment::Committed,
        v1::Commitment::Leased { ttl_ms, stable } => Commitment::Leased {
            expires: now.saturating_add(*ttl_ms),
            stable: stable.clone(),
        },
        v1::Commitment::Prepared { stable } => Commitment::Prepared {
            stable: stable.clone(),
        },
    })
}

/// Turns a kept service's commitment into one that counts on; a lease of another boot has run out.
pub(crate) fn kept_firmness(kept: &KeptService, same_boot: bool) -> Firmness {
    let mut firmness = firmness(&kept.config.commitment, 0);
    if let Commitment::Leased { expires, .. } = &mut firmness.commitment {
        *expires = kept.lease_expires_ms.filter(|_| same_boot).unwrap_or(0);
    }
    firmness.reverted = kept.reverted;
    firmness
}
