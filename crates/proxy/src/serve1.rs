//! A client connection from its first byte to its last.

use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::ask::{Ask, Wish};
use crate::client1::Client1;
use crate::door::Door;
use crate::downstream::Downstream;
use crate::http1::forward::{self, Forward};
use crate::http1::request::{self, HeadEnd, Refusal};
use crate::http1::{FIELDS_MAX, Framing};
use crate::marks::Marks;
use crate::outgoing::Outgoing;
use crate::perform::{self, Outcome};
use crate::serve2;
use crate::table::{Found, ListenerRoutes, Route};
use crate::timer::Timer;
use crate::tunnel;
use crate::worker::Worker;

/// What an HTTP/2 client says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How long what a refused client still sends is read, so that it can read the refusal.
const LINGER: Duration = Duration::from_secs(2);
/// How many bytes of that at most.
const LINGER_BYTES_MAX: usize = 256 * 1024;

/// A request on its way to [`perform`].
struct Begun {
    route: Arc<Route>,
    ask: Ask,
}

enum Next {
    Request(Begun),
    Http2,
    /// A probe of readiness: the answer, and whether it is to HEAD.
    Probe(u16, &'static str, bool),
    Refuse(Refusal),
    Close,
}

/// Serves one connection until it ends.
pub(crate) async fn serve(worker: Arc<Worker>, door: Door, stream: TcpStream, peer: IpAddr) {
    let (generation, Some(routes)) = worker.published.listener(&door) else {
        return;
    };
    let now = Instant::now();
    let header_timeout = Duration::from_millis(routes.header_timeout_ms);
    let mut connection = Connection {
        client: Client1::new(stream),
        worker,
        door,
        peer,
        generation,
        routes,
        out: Outgoing::default(),
        timer: Timer::new(now + header_timeout),
        served: false,
    };
    while let Some(()) = connection.serve_one().await {}
}

struct Connection {
    client: Client1,
    worker: Arc<Worker>,
    door: Door,
    peer: IpAddr,
    generation: u64,
    routes: Arc<ListenerRoutes>,
    out: Outgoing,
    timer: Timer,
    served: bool,
}

impl Connection {
    /// Serves the next request; `None` when the connection is to be closed.
    async fn serve_one(&mut self) -> Option<()> {
        let begun = match self.next().await {
            Next::Request(begun) => begun,
            Next::Close => return None,
            Next::Probe(status, reason, is_head) => {
                self.served = true;
                return self.tell(status, reason, false, is_head).await;
            }
            Next::Refuse(refusal) => {
                self.client
                    .refuse(refusal.status, refusal.reason, true, false);
                return self.linger().await;
            }
            Next::Http2 => {
                let client = std::mem::take(&mut self.client.input);
                serve2::serve(
                    &self.worker,
                    &self.door,
                    &mut self.client.stream,
                    client,
                    self.peer,
                )
                .await;
                return None;
            }
        };
        self.served = true;
        let ask = begun.ask;
        let outcome = perform::perform(
            &self.worker,
            &self.door,
            begun.route,
            ask,
            &mut self.out,
            &mut self.client,
            &mut self.timer,
        )
        .await;
        match outcome {
            Outcome::Answered if self.client.must_close() => self.linger().await,
            Outcome::Answered => Some(()),
            Outcome::Refused(status, reason) => {
                self.tell(status, reason, status < 500, ask.is_head).await
            }
            Outcome::Upgraded(instance, counted) => {
                let client = (&mut self.client.stream, &mut self.client.input);
                let is_websocket = ask.upgrade == Wish::WebSocket;
                tunnel::run(client, *instance, counted, is_websocket).await;
                None
            }
            Outcome::Broken | Outcome::Gone => None,
        }
    }

    /// Gives an answer of the proxy's own.
    async fn tell(&mut self, status: u16, reason: &str, close: bool, to_head: bool) -> Option<()> {
        let close = close || self.client.must_close();
        self.client.refuse(status, reason, close, to_head);
        if self.client.must_close() {
            return self.linger().await;
        }
        self.flush().await
    }

    /// Waits for the next head and turns it into the instance's.
    async fn next(&mut self) -> Next {
        let mut end = HeadEnd::default();
        let mut first_byte = false;
        let idle = if self.served {
            self.routes.idle_timeout_ms
        } else {
            self.routes.header_timeout_ms
        };
        let mut deadline = Instant::now() + Duration::from_millis(idle);
        loop {
            if !self.client.input.is_empty() {
                if !std::mem::replace(&mut first_byte, true) {
                    deadline =
                        Instant::now() + Duration::from_millis(self.routes.header_timeout_ms);
                    // An empty line before a request is forgiven (RFC 9112, 2.2), one only.
                    if self.client.input.data().starts_with(b"\r\n") {
                        self.client.input.consume(2);
                        continue;
                    }
                }
                let data = self.client.input.data();
                if !self.served && data[0] == b'P' {
                    let shared = data.len().min(PREFACE.len());
                    if shared == PREFACE.len() && data.starts_with(PREFACE) {
                        return Next::Http2;
                    }
                    if data[..shared] == PREFACE[..shared] && shared > 3 {
                        match self.more(deadline).await {
                            Ok(true) => continue,
                            _ => return Next::Close,
                        }
                    }
                }
                match end.find(data, self.routes.header_bytes_max) {
                    Ok(Some(length)) => return self.understand(length),
                    Ok(None) => {}
                    Err(refusal) => return Next::Refuse(refusal),
                }
            }
            match self.more(deadline).await {
                Ok(true) => {}
                Ok(false) => return Next::Close,
                Err(()) if first_byte => {
                    return Next::Refuse(Refusal {
                        status: 408,
                        reason: "the request's head did not come in time",
                    });
                }
                Err(()) => return Next::Close,
            }
        }
    }

    /// Reads more; `false` at the end, an error at the deadline.
    async fn more(&mut self, deadline: Instant) -> Result<bool, ()> {
        if self.client.input.is_full() {
            self.client.input.grow();
        }
        poll_fn(|cx| {
            match self.client.poll_fill(cx) {
                Poll::Ready(Ok(count)) => return Poll::Ready(Ok(count > 0)),
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(false)),
                Poll::Pending => self.client.rest(),
            }
            self.timer.poll(cx, deadline).map(|()| Err(()))
        })
        .await
    }

    /// Understands a whole head, finds its service and writes the head for the instance.
    fn understand(&mut self, length: usize) -> Next {
        if self.generation != self.worker.published.generation() {
            match self.worker.published.listener(&self.door) {
                (generation, Some(routes)) => {
                    self.generation = generation;
                    self.routes = routes;
                }
                (_, None) => {
                    return Next::Refuse(Refusal {
                        status: 404,
                        reason: "nothing is served on this address any more",
                    });
                }
            }
        }
        let mut slots = [httparse::EMPTY_HEADER; FIELDS_MAX];
        let head = &self.client.input.data()[..length];
        let request = match request::parse(head, &mut slots) {
            Ok(request) => request,
            Err(refusal) => return Next::Refuse(refusal),
        };
        let path = request.target.split('?').next().unwrap_or_default();
        let stopping = self.worker.stopping.load(Ordering::Relaxed);
        let close = !request.keep_alive || stopping;
        let (framing, is_http_11) = (request.framing, request.is_http_11);
        let is_head = request.method == "HEAD";
        let route = match self.routes.find(request.host, path) {
            Found::Route(route) => route,
            Found::Probe(status, reason) => {
                self.client.begin_request(framing, is_http_11, close);
                self.client.input.consume(length);
                return Next::Probe(status, reason, is_head);
            }
            Found::Nobody => {
                self.worker.unrouted.up();
                return Next::Refuse(Refusal {
                    status: 404,
                    reason: "no service claims this host and path",
                });
            }
        };
        if length > route.limits.header_bytes_max as usize {
            return Next::Refuse(Refusal {
                status: 431,
                reason: "the request's head is too large",
            });
        }
        let forward = Forward {
            method: request.method,
            target: request.target,
            host: request.host,
            client: self.peer,
            framing: request.framing,
            expects_continue: request.expects_continue,
            takes_trailers: request.takes_trailers,
            upgrade: request.upgrade,
        };
        self.out.restart(request.framing != Framing::None);
        let fields = request.fields.iter().map(|f| (f.name.as_bytes(), f.value));
        let marks = Marks::read(&route, fields.clone());
        forward::write(&forward, fields, &request.named, &mut self.out.bytes);
        let ask = Ask {
            is_head,
            is_idempotent: is_idempotent(request.method),
            upgrade: Wish::new(request.upgrade),
            marks,
            begun: Instant::now(),
        };
        self.client.begin_request(framing, is_http_11, close);
        self.client.input.consume(length);
        Next::Request(Begun { route, ask })
    }

    async fn flush(&mut self) -> Option<()> {
        let deadline = Instant::now() + Duration::from_millis(self.routes.idle_timeout_ms);
        poll_fn(|cx| match self.client.poll_flush(cx) {
            Poll::Ready(result) => Poll::Ready(result.ok()),
            Poll::Pending => self.timer.poll(cx, deadline).map(|()| None),
        })
        .await
    }

    /// Ends the connection so that the client can read the answer: what it still sends is read, for a
    /// bounded time, since closing on unread bytes would destroy the answer on its way.
    async fn linger(&mut self) -> Option<()> {
        self.flush().await?;
        if self.client.stream.shutdown().await.is_err() {
            return None;
        }
        let deadline = Instant::now() + LINGER;
        let mut left = LINGER_BYTES_MAX;
        while left > 0 && self.more(deadline).await == Ok(true) {
            let count = self.client.input.data().len();
            left = left.saturating_sub(count);
            self.client.input.consume(count);
        }
        None
    }
}

/// Says whether a method may be repeated (RFC 9110, 9.2.2).
pub(crate) fn is_idempotent(method: &str) -> bool {
    matches!(
        method,
        "GET" | "HEAD" | "PUT" | "DELETE" | "OPTIONS" | "TRACE"
    )
}
