//! Starting, stopping and ending a load.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::client::request::{Pace, Requester};
use crate::client::{Client, Shared, order, socket, stream};
use crate::report::{Report, Sockets, Streams};
use crate::{Error, Options, orders};

/// A load under way.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    clients: JoinSet<()>,
}

/// Runs a load for its whole time.
///
/// # Errors
/// As [`start`] and [`Running::finish`].
pub async fn run(options: Options) -> Result<Report, Error> {
    start(options)?.finish().await
}

/// Starts a load on the current runtime and returns at once.
///
/// # Errors
/// Where an option is beyond its bound.
pub fn start(options: Options) -> Result<Running, Error> {
    options.check()?;
    let run = format!("load-{:016x}", RandomState::new().build_hasher().finish());
    let shared = Arc::new(Shared::new(options, run));
    let stop = watch::Sender::new(false);
    let mut clients = JoinSet::new();
    let client = || Client::new(shared.clone(), stop.subscribe());
    let options = &shared.options;
    let start = Instant::now();
    for n in 0..options.http {
        let pace = Pace::shared(start, options.rate, n, options.http);
        let requester = Requester::new(client(), |tally| &mut tally.http);
        clients.spawn(requester.repeat(options.http_path.clone(), pace));
    }
    for n in 0..options.slow {
        let pace = Pace::shared(start, None, n, options.slow);
        let requester = Requester::new(client(), |tally| &mut tally.slow);
        clients.spawn(requester.repeat(options.slow_path.clone(), pace));
    }
    for n in 0..options.post {
        let pace = Pace::shared(start, Some(options.post_rate), n, options.post);
        clients.spawn(order::order(client(), pace));
    }
    for _ in 0..options.ws {
        clients.spawn(socket::talk(client()));
    }
    for _ in 0..options.sse {
        clients.spawn(stream::listen(client()));
    }
    Ok(Running {
        shared,
        stop,
        clients,
    })
}

impl Running {
    /// Completes with `true` when every client has had its connection; with `false` if the load's time
    /// is over before.
    pub async fn ready(&self) -> bool {
        let mut ready = self.shared.ready();
        let deadline = self.shared.started + self.shared.options.duration;
        matches!(
            tokio::time::timeout_at(deadline, ready.wait_for(|ready| *ready)).await,
            Ok(Ok(_))
        )
    }

    /// Lets no new work begin. What is under way ends by itself; [`Running::finish`] awaits it.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Returns what was seen so far; the orders file is not read for it.
    pub fn snapshot(&self) -> Report {
        report(&self.shared)
    }

    /// Completes when the load's time is over or it was stopped.
    pub async fn over(&self) {
        let mut stop = self.stop.subscribe();
        let deadline = self.shared.started + self.shared.options.duration;
        drop(tokio::time::timeout_at(deadline, stop.wait_for(|stop| *stop)).await);
    }

    /// Waits for the end of the load and of every request under way, and reports.
    ///
    /// # Errors
    /// Where the orders file cannot be read.
    pub async fn finish(mut self) -> Result<Report, Error> {
        self.over().await;
        self.stop();
        while let Some(ended) = self.clients.join_next().await {
            if let Err(error) = ended
                && error.is_panic()
            {
                std::panic::resume_unwind(error.into_panic());
            }
        }
        let mut report = report(&self.shared);
        if let Some(path) = &self.shared.options.orders_file {
            report.orders.file = Some(orders::read(path, &self.shared.tally().keys)?);
        }
        Ok(report)
    }
}

fn report(shared: &Shared) -> Report {
    let tally = shared.tally();
    let ws = Sockets {
        latency: tally.ws_latency.latency(),
        reconnect: tally.ws_reconnect.latency(),
        ..tally.ws.clone()
    };
    let sse = Streams {
        reconnect: tally.sse_reconnect.latency(),
        ..tally.sse.clone()
    };
    let (http, slow, post) = (
        tally.http.report(),
        tally.slow.report(),
        tally.post.report(),
    );
    let opened = ws.opened + sse.opened;
    let refused = ws.refused + sse.refused;
    Report {
        duration_ms: u64::try_from(shared.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        requests: http.sent + slow.sent + post.sent + opened + refused,
        failed: http.failed + slow.failed + post.failed + refused,
        sockets_moved: ws.moved + sse.moved,
        sockets_cut: ws.cut + sse.cut,
        orders: tally.orders.clone(),
        versions: tally.versions.report(),
        http,
        slow,
        post,
        ws,
        sse,
    }
}
