//! The routing table: an immutable snapshot, swapped whole when anything changes.
//!
//! A connection keeps the part of its listener and compares one number for each request; only when the
//! generation has moved on does it take the new one.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::choice;
use crate::claims::Claims;
use crate::control::v1::Limits;
use crate::version::{BackendState, VersionState};

/// A service's life in the proxy, whatever its configuration.
#[derive(Debug)]
pub(crate) struct ServiceState {
    /// Identifies this life of the counters.
    pub(crate) epoch: u64,
    /// Counts requests that reach no version.
    pub(crate) nobody: Arc<VersionState>,
    /// Requests held now.
    pub(crate) held_now: AtomicU32,
    tickets: Box<[AtomicU64]>,
}

impl ServiceState {
    /// A service new to the proxy.
    pub(crate) fn new(epoch: u64, workers: usize) -> Self {
        Self {
            epoch,
            nobody: Arc::new(VersionState::new("", workers)),
            held_now: AtomicU32::new(0),
            tickets: (0..workers).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    fn ticket(&self, worker: usize) -> u64 {
        let ticket = &self.tickets[worker];
        let now = ticket.load(Ordering::Relaxed);
        ticket.store(now.wrapping_add(1), Ordering::Relaxed);
        now
    }
}

/// A service as routed.
#[derive(Debug)]
pub(crate) struct Route {
    /// Its life.
    pub(crate) state: Arc<ServiceState>,
    /// Timeouts and limits.
    pub(crate) limits: Limits,
    /// Its versions.
    pub(crate) versions: Vec<RoutedVersion>,
}

/// A version as routed.
#[derive(Debug)]
pub(crate) struct RoutedVersion {
    /// Its share.
    pub(crate) weight: u8,
    /// Its life.
    pub(crate) state: Arc<VersionState>,
    /// Its instances that take requests.
    pub(crate) healthy: Vec<Arc<BackendState>>,
}

/// Where one request goes.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The version.
    pub(crate) version: Arc<VersionState>,
    /// The instance.
    pub(crate) backend: Arc<BackendState>,
}

impl Route {
    /// Chooses an instance for a request, none of `refused`; `None` where no one can take it.
    pub(crate) fn choose(&self, worker: usize, refused: &[SocketAddr]) -> Option<Target> {
        let usable = |backend: &Arc<BackendState>| !refused.contains(&backend.address);
        let ticket = self.state.ticket(worker);
        let shares = self.versions.iter().map(|version| {
            let is_usable = version.weight > 0 && version.healthy.iter().any(usable);
            (version.weight, is_usable)
        });
        let version = &self.versions[choice::version(shares, ticket)?];
        let backend = match &version.healthy[..] {
            [only] => only,
            several => {
                let loads = several.iter().map(|backend| {
                    let load = backend.in_flight(worker).get();
                    usable(backend).then(|| u32::try_from(load).unwrap_or(u32::MAX))
                });
                &several[choice::instance(loads, ticket)?]
            }
        };
        Some(Target {
            version: Arc::clone(&version.state),
            backend: Arc::clone(backend),
        })
    }
}

/// A listener's part of the table.
#[derive(Debug)]
pub(crate) struct ListenerRoutes {
    /// Who claims what.
    pub(crate) claims: Claims<Arc<Route>>,
    /// Time for a request's head: the longest that a service here allows.
    pub(crate) header_timeout_ms: u64,
    /// Time between requests: the longest that a service here allows.
    pub(crate) idle_timeout_ms: u64,
    /// Size of a request's head: the largest that a service here allows.
    pub(crate) header_bytes_max: usize,
    /// Connections at once: the most that a service here allows.
    pub(crate) connections_max: u32,
    /// Every service here.
    pub(crate) services: Vec<Arc<Route>>,
}

impl ListenerRoutes {
    /// The route of a service as it is now.
    pub(crate) fn of_service(&self, state: &Arc<ServiceState>) -> Option<Arc<Route>> {
        let found = self
            .services
            .iter()
            .find(|route| Arc::ptr_eq(&route.state, state));
        found.map(Arc::clone)
    }
}

/// The whole table, by configured address.
pub(crate) type Table = HashMap<SocketAddr, Arc<ListenerRoutes>>;

/// Hands out the table in force.
#[derive(Debug)]
pub(crate) struct Published {
    generation: AtomicU64,
    table: Mutex<Arc<Table>>,
    changes: watch::Sender<u64>,
}

impl Published {
    /// An empty table.
    pub(crate) fn new() -> Self {
        Self {
            generation: AtomicU64::new(0),
            table: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    /// Puts a new table in force for every request that begins from now on.
    pub(crate) fn publish(&self, table: Table) {
        *self.table.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(table);
        let generation = self.generation.fetch_add(1, Ordering::Release) + 1;
        self.changes.send_replace(generation);
    }

    /// The number of the table in force.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The part of a listener, with the generation it is at least of.
    pub(crate) fn listener(&self, listen: SocketAddr) -> (u64, Option<Arc<ListenerRoutes>>) {
        let generation = self.generation();
        let table = Arc::clone(&self.table.lock().unwrap_or_else(PoisonError::into_inner));
        (generation, table.get(&listen).map(Arc::clone))
    }

    /// Tells of changes from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
