//! One call: HTTP/1.1 over a unix socket, a connection each.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use super::Error;
use super::Marks;
use crate::api::v1::{ORDER_HEADER, TOKEN_HEADER};
use proxy::control::v1::ErrorBody;

/// The body of a call that says nothing.
pub(super) const NOTHING: &() = &();

/// Bytes of an answer held in memory. Journals come in pages of a few MiB; an entry, a plan and a receipt are
/// bounded by what a request may hold, and one page may have one of each.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A call about to be made.
pub(super) struct Call<'a> {
    socket: &'a Path,
    operation: String,
    request: Result<Request<Full<Bytes>>, String>,
}

impl<'a> Call<'a> {
    pub(super) fn new<B: Serialize + ?Sized>(
        socket: &'a Path,
        marks: Marks,
        method: Method,
        path: String,
        body: Option<&B>,
    ) -> Self {
        let operation = format!("{method} {path}");
        let request = build(marks, method, &path, body);
        Self {
            socket,
            operation,
            request,
        }
    }

    /// Makes the call and reads its answer as JSON.
    pub(super) async fn json<R: DeserializeOwned>(self, time: Duration) -> Result<R, Error> {
        let operation = self.operation.clone();
        let bytes = self.bytes(time).await?;
        let text: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        serde_json::from_slice(text).map_err(|e| Error::Malformed {
            operation,
            detail: e.to_string(),
        })
    }

    /// Makes the call and reads its answer whole.
    pub(super) async fn bytes(self, time: Duration) -> Result<Bytes, Error> {
        let operation = self.operation.clone();
        let whole = async {
            let response = self.exchange().await?;
            read(&operation, response.into_body()).await
        };
        match tokio::time::timeout(time, whole).await {
            Ok(answer) => answer,
            Err(_) => Err(timed_out(operation, time)),
        }
    }

    /// Makes the call and returns with the head of the answer; the body is read as it comes.
    pub(super) async fn open(self, time: Duration) -> Result<(String, Incoming), Error> {
        let operation = self.operation.clone();
        match tokio::time::timeout(time, self.exchange()).await {
            Ok(answer) => Ok((operation, answer?.into_body())),
            Err(_) => Err(timed_out(operation, time)),
        }
    }

    async fn exchange(self) -> Result<Response<Incoming>, Error> {
        let operation = self.operation;
        let request = self.request.map_err(|detail| Error::Request {
            operation: operation.clone(),
            detail,
        })?;
        let stream =
            UnixStream::connect(self.socket)
                .await
                .map_err(|source| Error::Unreachable {
                    socket: self.socket.to_owned(),
                    source,
                })?;
        let broken = |e: hyper::Error| Error::Broken {
            operation: operation.clone(),
            detail: e.to_string(),
        };
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        // Ends by itself with the answer's body; its errors are seen by the one who reads that.
        tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(broken)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let bytes = read(&operation, response.into_body()).await?;
        let body = serde_json::from_slice::<ErrorBody>(&bytes).unwrap_or_else(|_| ErrorBody {
            kind: "unexplained".into(),
            message: format!("the agent refused {operation} with status {status}"),
        });
        Err(Error::Refused {
            operation,
            status,
            kind: body.kind,
            message: body.message,
        })
    }
}

fn build<B: Serialize + ?Sized>(
    marks: Marks,
    method: Method,
    path: &str,
    body: Option<&B>,
) -> Result<Request<Full<Bytes>>, String> {
    let body = match body {
        Some(body) => serde_json::to_vec(body).map_err(|e| e.to_string())?,
        None => Vec::new(),
    };
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "agent")
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = marks.token {
        request = request.header(TOKEN_HEADER, token);
    }
    if let Some(order) = marks.order {
        request = request.header(ORDER_HEADER, order);
    }
    request
        .body(Full::new(body.into()))
        .map_err(|e| e.to_string())
}

async fn read(operation: &str, body: Incoming) -> Result<Bytes, Error> {
    Limited::new(body, ANSWER_BYTES_MAX)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .map_err(|e| Error::Broken {
            operation: operation.to_owned(),
            detail: e.to_string(),
        })
}

fn timed_out(operation: String, time: Duration) -> Error {
    Error::TimedOut {
        operation,
        seconds: time.as_secs(),
    }
}
