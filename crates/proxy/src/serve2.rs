//! An HTTP/2 connection without TLS, by prior knowledge; the protocol is hyper's.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Method, Request, Response, header};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::ask::{Ask, Wish};
use crate::buffer::Buffer;
use crate::client2::Client2;
use crate::door::Door;
use crate::http1::Framing;
use crate::http1::fields::Named;
use crate::http1::forward::{self, Forward};
use crate::http1::request::host_value;
use crate::marks::Marks;
use crate::outgoing::Outgoing;
use crate::perform::{self, Outcome};
use crate::pipe::Reader;
use crate::serve1::is_idempotent;
use crate::table::Found;
use crate::timer::Timer;
use crate::worker::Worker;

/// Requests at once on one connection.
const STREAMS_MAX: u32 = 256;

/// Serves a connection whose first bytes are already in `read_ahead`.
pub(crate) async fn serve(
    worker: &Arc<Worker>,
    door: &Door,
    stream: &mut TcpStream,
    read_ahead: Buffer,
    peer: IpAddr,
) {
    let Some(routes) = worker.published.listener(door).1 else {
        return;
    };
    let busy = Arc::new(AtomicU64::new(0));
    let service = service_fn(|request| {
        let worker = Arc::clone(worker);
        let busy = Arc::clone(&busy);
        let door = door.clone();
        async move {
            busy.fetch_add(1, Ordering::Relaxed);
            let (head, answer) = oneshot::channel();
            tokio::spawn(async move {
                answer_one(&worker, &door, peer, request, head).await;
                busy.fetch_sub(1, Ordering::Relaxed);
            });
            answer.await
        }
    });
    let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(routes.header_bytes_max).unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    let io = TokioIo::new(Rewound { read_ahead, stream });
    let mut connection = std::pin::pin!(builder.serve_connection(io, service));
    let idle = Duration::from_millis(routes.idle_timeout_ms);
    let mut stop = worker.stop.clone();
    let mut ending = false;
    worker.http2_open.up();
    loop {
        tokio::select! {
            ended = &mut connection => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "an HTTP/2 connection ended");
                }
                break;
            }
            // The client is told which of its requests are still answered.
            _ = stop.wait_for(|stops| *stops), if !ending => {
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
            () = tokio::time::sleep(idle) => {
                if busy.load(Ordering::Relaxed) == 0 {
                    // Asked once already, and the client did not leave.
                    if ending {
                        break;
                    }
                    ending = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
    worker.http2_open.down();
}

async fn answer_one(
    worker: &Worker,
    door: &Door,
    peer: IpAddr,
    request: Request<Incoming>,
    head: oneshot::Sender<Response<Reader>>,
) {
    let begun = Instant::now();
    let (parts, body) = request.into_parts();
    let framing = match (body.is_end_stream(), body.size_hint().exact()) {
        (true, _) => Framing::None,
        (false, Some(length)) => Framing::Length(length),
        (false, None) => Framing::Chunked,
    };
    let mut client = Client2::new(body, framing, head);
    let host = match host(&parts) {
        Ok(host) => host,
        Err(reason) => return client.refuse(400, reason),
    };
    if parts.headers.get_all(header::CONTENT_LENGTH).iter().count() > 1 {
        return client.refuse(400, "there is more than one Content-Length field");
    }
    if parts.method == Method::CONNECT {
        return client.refuse(405, "CONNECT is not served here");
    }
    let path = parts.uri.path();
    let found = match worker.published.listener(door).1 {
        Some(routes) => routes.find(host, path),
        None => Found::Nobody,
    };
    let route = match found {
        Found::Route(route) => route,
        Found::Probe(status, reason) => return client.refuse(status, reason),
        Found::Nobody => {
            worker.unrouted.up();
            return client.refuse(404, "no service claims this host and path");
        }
    };
    let takes_trailers = parts
        .headers
        .get(header::TE)
        .is_some_and(|te| te.as_bytes().eq_ignore_ascii_case(b"trailers"));
    let target = parts
        .uri
        .path_and_query()
        .map_or(path, |target| target.as_str());
    let has_own_form = target == "*" && parts.method == Method::OPTIONS;
    if !(target.starts_with('/') || has_own_form) {
        return client.refuse(400, "the request target is malformed");
    }
    let forward = Forward {
        method: parts.method.as_str(),
        target,
        host,
        client: peer,
        framing,
        expects_continue: false,
        takes_trailers,
        upgrade: None,
    };
    let mut out = Outgoing::default();
    out.restart(framing != Framing::None);
    // Cookies may come in several fields, and go on in one (RFC 9113, 8.2.3).
    let cookies: Vec<&[u8]> = parts
        .headers
        .get_all(header::COOKIE)
        .iter()
        .map(|value| value.as_bytes())
        .collect();
    let cookies = cookies.join(&b"; "[..]);
    let cookie = (!cookies.is_empty()).then_some((&b"cookie"[..], &cookies[..]));
    let fields = parts
        .headers
        .iter()
        .filter(|(name, _)| *name != header::COOKIE)
        .map(|(name, value)| (name.as_ref(), value.as_bytes()))
        .chain(cookie);
    forward::write(&forward, fields, &Named::default(), &mut out.bytes);
    let all = parts.headers.iter();
    let all = all.map(|(name, value)| (name.as_ref(), value.as_bytes()));
    let ask = Ask {
        is_head: parts.method == Method::HEAD,
        is_idempotent: is_idempotent(parts.method.as_str()),
        upgrade: Wish::Stay,
        marks: Marks::read(&route, all),
        begun,
    };
    let mut timer = Timer::new(begun + Duration::from_secs(1));
    let outcome =
        perform::perform(worker, door, route, ask, &mut out, &mut client, &mut timer).await;
    match outcome {
        Outcome::Refused(status, reason) => client.refuse(status, reason),
        // Without its end the stream is reset.
        Outcome::Answered | Outcome::Upgraded(..) | Outcome::Broken | Outcome::Gone => {}
    }
}

/// Finds the host: the authority, which a `Host` field must not contradict.
fn host(parts: &http::request::Parts) -> Result<&str, &'static str> {
    let mut fields = parts.headers.get_all(header::HOST).iter();
    let field = fields.next();
    if fields.next().is_some() {
        return Err("there is more than one Host field");
    }
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    let host = match (authority, field) {
        (Some(authority), Some(host))
            if !authority.as_bytes().eq_ignore_ascii_case(host.as_bytes()) =>
        {
            return Err("the authority and the Host field name different hosts");
        }
        (Some(authority), _) => authority.as_bytes(),
        (None, Some(host)) => host.as_bytes(),
        (None, None) => return Err("there is no authority"),
    };
    host_value(host).map_err(|refusal| refusal.reason)
}

/// A stream with what was read of it before.
struct Rewound<'a> {
    read_ahead: Buffer,
    stream: &'a mut TcpStream,
}

impl AsyncRead for Rewound<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read_ahead.is_empty() {
            self.read_ahead.release();
            return Pin::new(&mut *self.stream).poll_read(cx, buf);
        }
        let count = self.read_ahead.data().len().min(buf.remaining());
        buf.put_slice(&self.read_ahead.data()[..count]);
        self.read_ahead.consume(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Rewound<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_shutdown(cx)
    }
}
