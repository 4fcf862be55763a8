//! A worker: a thread with a runtime of its own, and its own socket on every listener.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};

use crate::counters::Count;
use crate::door::Door;
use crate::serve1;
use crate::table::Published;

/// What a client gets when there are too many.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n\
                      connection: close\r\n\r\n";
/// When the system has no descriptor left, accepting pauses so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a worker is told.
#[derive(Debug)]
pub(crate) enum Task {
    /// Accept on this socket.
    Listen {
        /// Which listener it is.
        door: Door,
        /// This worker's own socket.
        socket: std::net::TcpListener,
        /// Connections open on the listener, of all workers.
        open: Arc<AtomicU32>,
        /// Dropped once the socket is closed.
        closed: Arc<()>,
    },
    /// Stop to accept, and close the socket.
    Unlisten(Door),
}

/// What every connection of a worker shares.
#[derive(Debug)]
pub(crate) struct Worker {
    /// Which one it is.
    pub(crate) index: usize,
    /// The table.
    pub(crate) published: Arc<Published>,
    /// Set once the proxy stops: connections are closed after their request.
    pub(crate) stopping: Arc<AtomicBool>,
    /// The same, to be waited for.
    pub(crate) stop: watch::Receiver<bool>,
    /// HTTP/2 connections open now.
    pub(crate) http2_open: Count,
    /// Requests that no service claims.
    pub(crate) unrouted: Count,
    /// Connections refused because there were too many.
    pub(crate) refused: Count,
    /// Connections accepted.
    pub(crate) accepted: Count,
}

impl Worker {
    /// Starts its thread; it ends when the sender of its tasks is dropped.
    ///
    /// # Errors
    /// Where the system gives no thread or no event queue.
    pub(crate) fn start(
        self: &Arc<Self>,
    ) -> std::io::Result<(mpsc::UnboundedSender<Task>, JoinHandle<()>)> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .event_interval(61)
            .build()?;
        let (sender, tasks) = mpsc::unbounded_channel();
        let worker = Arc::clone(self);
        let thread = std::thread::Builder::new()
            .name(format!("proxy-{}", self.index))
            .spawn(move || runtime.block_on(worker.run(tasks)))?;
        Ok((sender, thread))
    }

    async fn run(self: Arc<Self>, mut tasks: mpsc::UnboundedReceiver<Task>) {
        let mut listening: HashMap<Door, oneshot::Sender<()>> = HashMap::new();
        while let Some(task) = tasks.recv().await {
            match task {
                Task::Listen {
                    door,
                    socket,
                    open,
                    closed,
                } => match TcpListener::from_std(socket) {
                    Ok(socket) => {
                        let (stop, stopped) = oneshot::channel();
                        listening.insert(door.clone(), stop);
                        let accepting = Arc::clone(&self).accept(door, socket, open, stopped);
                        tokio::spawn(async move {
                            accepting.await;
                            drop(closed);
                        });
                    }
                    Err(error) => {
                        tracing::error!(listen = %door, %error, "cannot accept on a listener")
                    }
                },
                Task::Unlisten(door) => {
                    // Dropping the sender tells the accepting task.
                    drop(listening.remove(&door));
                }
            }
        }
    }

    async fn accept(
        self: Arc<Self>,
        door: Door,
        socket: TcpListener,
        open: Arc<AtomicU32>,
        mut stopped: oneshot::Receiver<()>,
    ) {
        loop {
            // Biased: what already waits in the socket's queue is taken before the socket is closed.
            let accepted = tokio::select! {
                biased;
                accepted = socket.accept() => accepted,
                _ = &mut stopped => return,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(listen = %door, %error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            self.accepted.up();
            let max = self
                .published
                .listener(&door)
                .1
                .map_or(0, |routes| routes.connections_max);
            let place = Place::take(&open);
            if place.number >= max {
                self.refused.up();
                tokio::spawn(refuse(stream));
                continue;
            }
            if stream.set_nodelay(true).is_err() {
                continue;
            }
            let (worker, door) = (Arc::clone(&self), door.clone());
            tokio::spawn(async move {
                serve1::serve(worker, door, stream, peer.ip()).await;
                drop(place);
            });
        }
    }
}

async fn refuse(mut stream: TcpStream) {
    let told = async {
        stream.write_all(FULL).await?;
        stream.shutdown().await
    };
    if let Ok(Err(error)) = tokio::time::timeout(Duration::from_secs(1), told).await {
        tracing::debug!(%error, "a client left before it was refused");
    }
}

/// A place among a listener's connections.
#[derive(Debug)]
struct Place {
    open: Arc<AtomicU32>,
    number: u32,
}

impl Place {
    fn take(open: &Arc<AtomicU32>) -> Self {
        Self {
            number: open.fetch_add(1, Ordering::Relaxed),
            open: Arc::clone(open),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}
