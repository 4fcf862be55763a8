//! The server: on loopback, as long as the rollout is watched.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use coordinator::{Snapshot, Verb};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::door::Door;
use super::guard::Guard;

/// Connections at once at most; a browser holds six.
const CONNECTIONS_MAX: usize = 64;
/// Time for a request's head.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// Time for pages to take the end.
const END_WITHIN: Duration = Duration::from_secs(3);

/// What is wanted of the server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// The port; 0 for any that is free.
    pub(crate) port: u16,
    /// Whether it takes no orders.
    pub(crate) read_only: bool,
}

/// A server that shows a rollout.
#[derive(Debug)]
pub(crate) struct Web {
    listener: TcpListener,
    door: Arc<Door>,
    /// Ends when every page has taken the end.
    pages: mpsc::Receiver<()>,
    url: String,
}

impl Web {
    /// Begins to listen. Orders that people give on the page come out of `orders`.
    ///
    /// # Errors
    /// Where the port is taken.
    pub(crate) async fn bind(
        wanted: Wanted,
        view: watch::Receiver<Option<Arc<Snapshot>>>,
        orders: mpsc::UnboundedSender<Verb>,
    ) -> std::io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, wanted.port));
        let listener = TcpListener::bind(address).await?;
        let port = listener.local_addr()?.port();
        let guard = Guard::new(port)?;
        let url = format!("http://127.0.0.1:{port}/#{}", guard.token());
        let (page, pages) = mpsc::channel(1);
        Ok(Self {
            listener,
            door: Arc::new(Door::new(
                guard,
                view,
                (!wanted.read_only).then_some(orders),
                page,
            )),
            pages,
            url,
        })
    }

    /// Returns the address with the token.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Serves until `work` is done, and lets every page take the end.
    pub(crate) async fn serve<T>(self, work: impl Future<Output = T>) -> T {
        let Self {
            listener,
            door,
            mut pages,
            url: _,
        } = self;
        let room = Arc::new(tokio::sync::Semaphore::new(CONNECTIONS_MAX));
        let mut work = std::pin::pin!(work);
        let done = loop {
            let accepted = tokio::select! {
                done = &mut work => break done,
                accepted = listener.accept() => accepted,
            };
            // One that failed is not ours to end for; with no room a page waits until another goes.
            let (Ok((stream, _)), Ok(place)) = (accepted, room.clone().try_acquire_owned()) else {
                continue;
            };
            let door = door.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let door = door.clone();
                    async move { Ok::<_, std::convert::Infallible>(door.answer(request)) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_WITHIN)
                    .serve_connection(TokioIo::new(stream), service);
                // A page that goes away is nothing to tell.
                drop(connection.await);
                drop(place);
            });
        };
        door.end();
        drop(door);
        drop(tokio::time::timeout(END_WITHIN, pages.recv()).await);
        done
    }
}
