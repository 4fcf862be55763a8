//! A version and its instances as they live in the proxy: counters, connections, drain.
//!
//! They outlive the tables that name them: a version taken out of the configuration keeps its counters
//! and its connections until the last of them ends.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sys::clock;

use crate::counters::{Count, Shard};
use crate::sockets::Sockets;
use crate::upstream::Upstream;

/// The most idle connections a worker keeps to one instance.
const IDLE_MAX: usize = 256;
/// How long an idle connection is kept.
const IDLE_TTL_MS: u128 = 30_000;
/// A request that must not be sent twice takes no connection that was idle longer: the instance may be
/// closing it at this very moment.
const FRESH_MS: u128 = 1_000;

/// One version's life in the proxy.
#[derive(Debug)]
pub(crate) struct VersionState {
    /// The artifact id; empty for requests that reach no version.
    pub(crate) artifact: String,
    /// Counters, by worker.
    pub(crate) shards: Box<[Shard]>,
    /// Its WebSockets and event streams.
    pub(crate) sockets: Arc<Sockets>,
}

impl VersionState {
    /// A version new to the proxy.
    pub(crate) fn new(artifact: &str, workers: usize) -> Self {
        Self {
            artifact: artifact.to_owned(),
            shards: (0..workers).map(|_| Shard::new()).collect(),
            sockets: Arc::default(),
        }
    }

    /// Requests, sockets and streams open now.
    pub(crate) fn open(&self) -> u64 {
        self.shards.iter().map(Shard::open).sum()
    }

    /// Ends everything that is open: long-lived connections at once, requests within a second.
    pub(crate) fn cut(&self) {
        self.sockets.cut_all();
    }

    /// Says whether requests in flight are to end.
    pub(crate) fn is_cut(&self) -> bool {
        self.sockets.is_cut()
    }

    /// Takes back a cut: the version serves again.
    pub(crate) fn spare(&self) {
        self.sockets.spare();
    }
}

/// One instance's life in the proxy.
#[derive(Debug)]
pub(crate) struct BackendState {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    workers: Box<[PerWorker]>,
    routable: AtomicBool,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct PerWorker {
    in_flight: Count,
    idle: Mutex<Vec<(std::time::Instant, Upstream)>>,
}

impl PerWorker {
    fn idle(&self) -> MutexGuard<'_, Vec<(std::time::Instant, Upstream)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BackendState {
    /// An instance new to the proxy.
    pub(crate) fn new(address: SocketAddr, workers: usize) -> Self {
        Self {
            address,
            workers: (0..workers).map(|_| PerWorker::default()).collect(),
            routable: AtomicBool::new(false),
        }
    }

    /// The requests of one worker in flight here.
    pub(crate) fn in_flight(&self, worker: usize) -> &Count {
        &self.workers[worker].in_flight
    }

    /// Takes an idle connection that the instance has not closed.
    pub(crate) fn take_idle(&self, worker: usize, may_repeat: bool) -> Option<Upstream> {
        let mut idle = self.workers[worker].idle();
        while let Some((since, mut connection)) = idle.pop() {
            let age_ms = clock::since(since).as_millis();
            let limit_ms = if may_repeat { IDLE_TTL_MS } else { FRESH_MS };
            if age_ms > limit_ms {
                // The last given back is the youngest: all others are older still.
                if age_ms > IDLE_TTL_MS {
                    idle.clear();
                } else {
                    idle.push((since, connection));
                }
                return None;
            }
            if connection.is_quiet() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection for the next request, if the instance still gets any.
    pub(crate) fn give_back(&self, worker: usize, connection: Upstream) {
        if !self.routable.load(Ordering::Acquire) {
            return;
        }
        let mut idle = self.workers[worker].idle();
        if idle.len() < IDLE_MAX {
            idle.push((clock::monotonic(), connection));
        }
    }

    /// Says whether it gets requests from now on; if not, idle connections are closed.
    pub(crate) fn set_routable(&self, routable: bool) {
        self.routable.store(routable, Ordering::Release);
        if !routable {
            for worker in &self.workers {
                worker.idle().clear();
            }
        }
    }

    /// Closes connections that were idle for too long.
    pub(crate) fn sweep(&self) {
        for worker in &self.workers {
            worker
                .idle()
                .retain(|(since, _)| clock::since(*since).as_millis() <= IDLE_TTL_MS);
        }
    }
}
