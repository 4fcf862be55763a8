//! One HTTP/1.1 connection and one exchange at a time on it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// How much of an answer's body is kept; all of it is read.
const BODY_KEPT_MAX: usize = 64 * 1024;

/// Why there was no whole answer.
#[derive(Debug)]
pub(crate) struct Failure {
    /// `connect`, `cut` (no head of an answer), `truncated` (no whole body) or `timeout`.
    pub(crate) kind: &'static str,
    /// In words.
    pub(crate) reason: String,
}

impl Failure {
    fn new(kind: &'static str, reason: impl ToString) -> Self {
        Self {
            kind,
            reason: reason.to_string(),
        }
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A request either came to its end, or provably never left this side.
#[derive(Debug)]
pub(crate) enum Sent {
    /// It was put on the wire.
    Yes(Result<Answer, Failure>),
    /// The server had closed the idle connection before: the request can be sent on a new one.
    Never(Box<Request<Full<Bytes>>>),
}

/// One kept connection.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

/// Connects by TCP.
pub(crate) async fn connect(address: SocketAddr, timeout: Duration) -> Result<TcpStream, Failure> {
    let stream = tokio::time::timeout(timeout, TcpStream::connect(address))
        .await
        .map_err(|_| Failure::new("timeout", "no connection in time"))?
        .map_err(|e| Failure::new("connect", e))?;
    stream
        .set_nodelay(true)
        .map_err(|e| Failure::new("connect", e))?;
    Ok(stream)
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, timeout: Duration) -> Result<Self, Failure> {
        let stream = connect(address, timeout).await?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|e| Failure::new("connect", e))?;
        // What goes wrong on the connection is also the error of the exchange on it.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender })
    }

    /// Says whether the server keeps the connection.
    pub(crate) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends one request and reads the whole answer.
    pub(crate) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        timeout: Duration,
    ) -> Sent {
        let deadline = Instant::now() + timeout;
        match self.begin(request, deadline).await {
            Begun::Never(request) => Sent::Never(request),
            Begun::Failed(failure) => Sent::Yes(Err(failure)),
            Begun::Yes(head, body) => {
                let whole = tokio::time::timeout_at(deadline, read_whole(body)).await;
                let late = || Failure::new("timeout", "no whole answer in time");
                let answer = whole.map_err(|_| late()).and_then(|body| body);
                Sent::Yes(answer.map(|body| Answer {
                    status: head.status,
                    headers: head.headers,
                    body,
                }))
            }
        }
    }

    /// Sends one request and reads the head of the answer.
    pub(crate) async fn begin(
        &mut self,
        request: Request<Full<Bytes>>,
        deadline: Instant,
    ) -> Begun {
        let answer = async {
            if self.sender.ready().await.is_err() {
                return Err(Begun::Never(Box::new(request)));
            }
            self.sender
                .try_send_request(request)
                .await
                .map_err(|mut e| {
                    // Given back means that no byte of it was written.
                    match e.take_message() {
                        Some(request) => Begun::Never(Box::new(request)),
                        None => Begun::Failed(Failure::new("cut", describe(e.error()))),
                    }
                })
        };
        match tokio::time::timeout_at(deadline, answer).await {
            Ok(Ok(answer)) => {
                let (head, body) = answer.into_parts();
                Begun::Yes(Box::new(head), body)
            }
            Ok(Err(begun)) => begun,
            Err(_) => Begun::Failed(Failure::new("timeout", "no answer in time")),
        }
    }
}

/// What came of sending a request, up to the head of its answer.
#[derive(Debug)]
pub(crate) enum Begun {
    Yes(Box<http::response::Parts>, Incoming),
    Failed(Failure),
    Never(Box<Request<Full<Bytes>>>),
}

async fn read_whole(mut body: Incoming) -> Result<Bytes, Failure> {
    let mut kept = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| Failure::new("truncated", describe(&e)))?;
        if let Ok(data) = frame.into_data() {
            let room = BODY_KEPT_MAX.saturating_sub(kept.len());
            kept.extend_from_slice(&data[..data.len().min(room)]);
        }
    }
    Ok(kept.freeze())
}

/// An error with its causes: hyper's own text names none.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
