//! The proxy from start to stop: workers, registry, control socket, leases, signals.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sys::clock;
use sys::process::ProcessId;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::Options;
use crate::control::server::{self, Control};
use crate::counters::Count;
use crate::home::{Home, ServeError};
use crate::registry::Registry;
use crate::state::Store;
use crate::table::Published;
use crate::worker::Worker;

/// How long requests and sockets have when the proxy stops.
const STOP_GRACE: Duration = Duration::from_secs(10);
/// How long HTTP/2 clients that have all their answers have to leave.
const FAREWELL: Duration = Duration::from_secs(1);
/// How often it is looked whether all has ended.
const STOP_STEP: Duration = Duration::from_millis(20);
/// How often chores are looked after: idle connections, listeners that could not be bound.
const CHORES: Duration = Duration::from_secs(2);
/// The close code of sockets when the proxy stops: service restart.
const STOP_CODE: u16 = 1012;

/// Ready at SIGTERM or SIGINT.
pub(crate) async fn signals() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        tracing::error!("signals cannot be heard: the proxy ends only when it is killed");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Runs a proxy until `stop` is ready; blocks.
pub(crate) fn run(options: &Options, stop: impl Future<Output = ()>) -> Result<(), ServeError> {
    let home = Home::take(&options.home)?;
    let published = Arc::new(Published::new());
    let stopping = Arc::new(AtomicBool::new(false));
    let (tell_to_stop, told_to_stop) = watch::channel(false);
    let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers: Vec<Arc<Worker>> = (0..count)
        .map(|index| {
            Arc::new(Worker {
                index,
                published: Arc::clone(&published),
                stopping: Arc::clone(&stopping),
                stop: told_to_stop.clone(),
                http2_open: Count::default(),
                unrouted: Count::default(),
                refused: Count::default(),
                accepted: Count::default(),
            })
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(ServeError::Worker)?;
    let mut threads = Vec::new();
    let served = runtime.block_on(async {
        let mut senders = Vec::new();
        for worker in &workers {
            let (sender, thread) = worker.start().map_err(ServeError::Worker)?;
            senders.push(sender);
            threads.push(thread);
        }
        let boot = ProcessId::current()
            .map(|identity| identity.boot)
            .unwrap_or_default();
        let registry = Registry::restore(senders, published, Store::new(home.dir()), boot);
        let control = Arc::new(Control {
            registry: Mutex::new(registry),
            workers: workers.clone(),
            changed: Notify::new(),
        });
        let socket = server::bind(&home.socket())?;
        home.announce()?;
        tracing::info!(home = %home.dir().display(), "the proxy serves");
        tokio::spawn(server::serve(socket, Arc::clone(&control)));
        tokio::spawn(leases(Arc::clone(&control)));
        tokio::spawn(chores(Arc::clone(&control)));
        stop.await;
        tracing::info!("the proxy stops: no new connections, requests finish, sockets move");
        stopping.store(true, Ordering::Release);
        tell_to_stop.send_replace(true);
        finish(&control).await;
        Ok(())
    });
    // With the runtime goes the registry, and with it the workers' tasks; the lock is given up last.
    drop(runtime);
    for thread in threads {
        if thread.join().is_err() {
            tracing::error!("a worker panicked");
        }
    }
    if served.is_ok() {
        home.retire();
    }
    served
}

/// Keeps I7: traffic returns to stable when a lease runs out.
async fn leases(control: Arc<Control>) {
    loop {
        let next = control.registry().expire_leases();
        let pause = next.map_or(Duration::from_secs(3600), |at| {
            // The clock of leases counts time asleep and the timer may not: look at least each second.
            let left = at.saturating_sub(clock::boot_ms()).clamp(1, 1_000);
            Duration::from_millis(left)
        });
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = control.changed.notified() => {}
        }
    }
}

async fn chores(control: Arc<Control>) {
    loop {
        tokio::time::sleep(CHORES).await;
        let mut registry = control.registry();
        registry.sweep();
        registry.bind_missing();
    }
}

async fn finish(control: &Control) {
    let versions: Vec<_> = {
        let registry = control.registry();
        registry.stop_accepting();
        let services = registry.services();
        services
            .flat_map(|(_, s)| s.versions().map(Arc::clone).collect::<Vec<_>>())
            .collect()
    };
    let until = Instant::now() + STOP_GRACE;
    let mut quiet_since = None;
    loop {
        for version in &versions {
            version.sockets.ask_to_move(0, usize::MAX, STOP_CODE);
        }
        // Slept at least once: connections taken from the queues have requests that are not read yet.
        tokio::time::sleep(STOP_STEP).await;
        let now = Instant::now();
        if versions.iter().any(|version| version.open() > 0) {
            quiet_since = None;
        } else {
            // The last answers may still be on their way through an HTTP/2 connection.
            let quiet = now - *quiet_since.get_or_insert(now);
            let is_empty = control.workers.iter().all(|w| w.http2_open.get() == 0);
            if is_empty || quiet >= FAREWELL {
                return;
            }
        }
        if now >= until {
            return;
        }
    }
}
