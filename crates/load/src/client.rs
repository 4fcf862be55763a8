//! The clients: each keeps one connection and counts what it sees of it.

pub(crate) mod connection;
pub(crate) mod order;
pub(crate) mod request;
pub(crate) mod socket;
pub(crate) mod stream;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::Options;
use crate::tally::{LastVersion, Tally};

/// How long a client waits before it tries again to connect, at first and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

/// What all clients of a load share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) tally: Mutex<Tally>,
    pub(crate) started: Instant,
    /// Tells this load's orders from any other's.
    pub(crate) run: String,
    connected: AtomicUsize,
    ready: watch::Sender<bool>,
    next_order: AtomicU64,
}

impl Shared {
    pub(crate) fn new(options: Options, run: String) -> Self {
        Self {
            options,
            tally: Mutex::default(),
            started: Instant::now(),
            run,
            connected: AtomicUsize::new(0),
            ready: watch::Sender::new(false),
            next_order: AtomicU64::new(1),
        }
    }

    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ready(&self) -> watch::Receiver<bool> {
        self.ready.subscribe()
    }

    fn next_key(&self) -> String {
        let number = self.next_order.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number}", self.run)
    }
}

/// One client's view of the load.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) shared: Arc<Shared>,
    stop: watch::Receiver<bool>,
    announced: bool,
    version: LastVersion,
    backoff: Duration,
}

impl Client {
    pub(crate) fn new(shared: Arc<Shared>, stop: watch::Receiver<bool>) -> Self {
        Self {
            shared,
            stop,
            announced: false,
            version: LastVersion::default(),
            backoff: BACKOFF.0,
        }
    }

    pub(crate) fn options(&self) -> &Options {
        &self.shared.options
    }

    pub(crate) fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Completes when no new work may begin.
    pub(crate) async fn stopped(&mut self) {
        // An error means that the load itself is gone, which is a stop as well.
        let _ended = self.stop.wait_for(|stop| *stop).await;
    }

    /// Says, once, that this client has its connection.
    pub(crate) fn connected(&mut self) {
        self.backoff = BACKOFF.0;
        if self.announced {
            return;
        }
        self.announced = true;
        let connected = self.shared.connected.fetch_add(1, Ordering::AcqRel) + 1;
        if connected == self.shared.options.clients() {
            self.shared.ready.send_replace(true);
        }
    }

    /// Waits before the next attempt to connect; each time longer, up to a bound.
    pub(crate) async fn back_off(&mut self) {
        let wait = self.backoff;
        self.backoff = (wait * 2).min(BACKOFF.1);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.stopped() => {}
        }
    }

    /// Waits for `wake`; says whether it came before a stop.
    pub(crate) async fn until(&mut self, wake: Instant) -> bool {
        tokio::select! {
            () = tokio::time::sleep_until(wake) => !self.is_stopped(),
            () = self.stopped() => false,
        }
    }

    /// Counts which version answered the request that was sent at `sent`.
    pub(crate) fn saw_version(&mut self, headers: &http::HeaderMap, sent: Instant) {
        let name = &self.shared.options.version_header;
        let Some(label) = headers.get(name).and_then(|value| value.to_str().ok()) else {
            return;
        };
        let sent = sent.saturating_duration_since(self.shared.started);
        self.shared
            .tally()
            .versions
            .add(label, sent, &mut self.version);
    }
}
