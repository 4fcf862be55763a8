//! The routing table: an immutable snapshot, swapped whole when anything changes.
//!
//! A connection keeps the part of its listener and compares one number for each request; only when the
//! generation has moved on does it take the new one.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::choice;
use crate::claims::Claims;
use crate::control::v1::{Limits, Readiness, Testers};
use crate::counters::Choice;
use crate::door::Door;
use crate::marks::Marks;
use crate::sticky::Cookie;
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
    /// Where buckets are dealt from, so that not every restart begins with the candidate's.
    deal_from: u64,
}

impl ServiceState {
    /// A service new to the proxy.
    pub(crate) fn new(epoch: u64, workers: usize) -> Self {
        Self {
            epoch,
            nobody: Arc::new(VersionState::new("", workers)),
            held_now: AtomicU32::new(0),
            tickets: (0..workers).map(|_| AtomicU64::new(0)).collect(),
            deal_from: RandomState::new().hash_one(epoch) >> 32,
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
    /// How requests come to them, but for testers'.
    pub(crate) choice: Choice,
    /// The version that buckets leave as weights grow.
    pub(crate) stable: usize,
    /// The cookie that holds a client's bucket.
    pub(crate) cookie: Option<Cookie>,
    /// Whose requests go to one of the versions whatever its weight.
    pub(crate) testers: Option<Testers>,
    /// What a balancer in front is told.
    pub(crate) readiness: Option<Readiness>,
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
    /// How the version was chosen.
    pub(crate) choice: Choice,
}

impl Route {
    /// Chooses an instance for a request, none of `refused`; `None` where no one can take it.
    pub(crate) fn choose(
        &self,
        worker: usize,
        refused: &[SocketAddr],
        marks: &mut Marks,
    ) -> Option<Target> {
        let usable = |backend: &Arc<BackendState>| !refused.contains(&backend.address);
        let is_usable = |version: &RoutedVersion| version.healthy.iter().any(usable);
        let (index, choice) = match self
            .testers_version(*marks)
            .filter(|i| is_usable(&self.versions[*i]))
        {
            Some(index) => (index, Choice::Testers),
            None => {
                let shares = self.versions.iter();
                let shares = shares.map(|v| (v.weight, v.weight > 0 && is_usable(v)));
                (self.by_weight(worker, shares, marks)?, self.choice)
            }
        };
        let version = &self.versions[index];
        let backend = match &version.healthy[..] {
            [only] => only,
            several => {
                let loads = several.iter().map(|backend| {
                    let load = backend.in_flight(worker).get();
                    usable(backend).then(|| u32::try_from(load).unwrap_or(u32::MAX))
                });
                &several[choice::instance(loads, version.state.shards[worker].requests())?]
            }
        };
        Some(Target {
            version: Arc::clone(&version.state),
            backend: Arc::clone(backend),
            choice,
        })
    }

    fn testers_version(&self, marks: Marks) -> Option<usize> {
        let testers = self.testers.as_ref().filter(|_| marks.is_tester)?;
        let mut versions = self.versions.iter();
        versions.position(|version| version.state.artifact == testers.artifact)
    }

    fn by_weight(
        &self,
        worker: usize,
        shares: impl Iterator<Item = (u8, bool)> + Clone,
        marks: &mut Marks,
    ) -> Option<usize> {
        // Of one version only, a bucket would say nothing.
        let is_split = || self.versions.iter().filter(|v| v.weight > 0).count() > 1;
        if self.cookie.is_none() || !is_split() {
            // A preview takes no ticket: that would disturb the deal.
            let ticket = match self.choice {
                Choice::Preview => 0,
                _ => self.state.ticket(worker),
            };
            return choice::version(shares, ticket);
        }
        let ticket = || self.state.ticket(worker).wrapping_add(self.state.deal_from);
        choice::version_of_bucket(shares, self.stable, marks.bucket_or_deal(ticket))
    }

    /// What a balancer in front is told when it asks for a path: status and reason.
    fn probed(&self, path: &str) -> Option<(u16, &'static str)> {
        let readiness = self.readiness.as_ref().filter(|r| r.path == path)?;
        let takes = |version: &RoutedVersion| version.weight > 0 && !version.healthy.is_empty();
        Some(if !readiness.ready {
            (503, "this host is to get no traffic now")
        } else if self.versions.iter().any(takes) || self.state.held_now.load(Ordering::Relaxed) > 0
        {
            (200, "ready")
        } else {
            (503, "no instance can take requests now")
        })
    }
}

/// Who answers a request.
#[derive(Debug)]
pub(crate) enum Found {
    /// A service.
    Route(Arc<Route>),
    /// The proxy itself, with this status and reason: it is asked whether the host is ready.
    Probe(u16, &'static str),
    /// Nobody.
    Nobody,
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
    /// Finds who answers a request for a host and a path (or `*`).
    pub(crate) fn find(&self, host: &str, path: &str) -> Found {
        let path = if path == "*" { "/" } else { path };
        let Some(route) = self.claims.find(host, path) else {
            return self.probed(path);
        };
        match route.probed(path) {
            Some((status, reason)) => Found::Probe(status, reason),
            None => Found::Route(Arc::clone(route)),
        }
    }

    /// Balancers often ask by address: then all services with that path must be ready.
    fn probed(&self, path: &str) -> Found {
        let mut said = self.services.iter().filter_map(|route| route.probed(path));
        let Some(first) = said.next() else {
            return Found::Nobody;
        };
        let (status, reason) = said.find(|(status, _)| *status != 200).unwrap_or(first);
        Found::Probe(status, reason)
    }

    /// The route of a service as it is now.
    pub(crate) fn of_service(&self, state: &Arc<ServiceState>) -> Option<Arc<Route>> {
        let found = self
            .services
            .iter()
            .find(|route| Arc::ptr_eq(&route.state, state));
        found.map(Arc::clone)
    }
}

/// The whole table.
pub(crate) type Table = HashMap<Door, Arc<ListenerRoutes>>;

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
    pub(crate) fn listener(&self, door: &Door) -> (u64, Option<Arc<ListenerRoutes>>) {
        let generation = self.generation();
        let table = Arc::clone(&self.table.lock().unwrap_or_else(PoisonError::into_inner));
        (generation, table.get(door).map(Arc::clone))
    }

    /// Tells of changes from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
