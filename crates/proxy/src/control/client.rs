//! A client of the control socket; one connection for each call.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::v1::{Drain, ErrorBody, Renew, ServiceConfig, ServiceStatus, Status, Traffic};

/// How long one call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A call to the proxy that did not give its answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers on the socket: the proxy does not run, or not for this home. Nothing was asked.
    #[error("cannot reach the proxy at {}: {source}", path.display())]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The connection broke or stayed silent: whether the call was carried out is unknown. Repeat it.
    #[error("the proxy at {} gave no answer to {call}: {reason}", path.display())]
    Unknown {
        /// The socket.
        path: PathBuf,
        /// Method and path of the call.
        call: String,
        /// What happened.
        reason: String,
    },
    /// The proxy refused the call; nothing changed.
    #[error("the proxy refused {call}: {} ({})", error.message, error.kind)]
    Refused {
        /// Method and path of the call.
        call: String,
        /// The HTTP status.
        status: u16,
        /// The proxy's words.
        error: ErrorBody,
    },
}

impl ClientError {
    /// The stable word of a refusal, such as `overlapping_claim`.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::Refused { error, .. } => Some(&error.kind),
            _ => None,
        }
    }
}

/// Speaks to the proxy of one home.
#[derive(Debug, Clone)]
pub struct Client {
    socket: PathBuf,
}

impl Client {
    /// A client of the control socket at `socket`; nothing is opened yet.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
        }
    }

    /// A client of the proxy that runs on `home`.
    pub fn of_home(home: &Path) -> Self {
        Self::new(home.join(super::SOCKET_NAME))
    }

    /// Asks for everything the proxy knows.
    ///
    /// # Errors
    /// As of every call: see [`ClientError`].
    pub async fn status(&self) -> Result<Status, ClientError> {
        self.json(Method::GET, "/v1/status", None::<&()>).await
    }

    /// Creates or replaces a service.
    ///
    /// # Errors
    /// See [`ClientError`]; a refusal changes nothing.
    pub async fn put(
        &self,
        key: &str,
        config: &ServiceConfig,
    ) -> Result<ServiceStatus, ClientError> {
        self.json(Method::PUT, &service(key, ""), Some(config))
            .await
    }

    /// Removes a service; requests in flight finish.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn delete(&self, key: &str) -> Result<(), ClientError> {
        self.call(Method::DELETE, &service(key, ""), Bytes::new())
            .await
            .map(|_| ())
    }

    /// Renews the lease of a service's weights.
    ///
    /// # Errors
    /// `reverted` where the lease ran out: traffic is back at stable.
    pub async fn renew(&self, key: &str, renew: &Renew) -> Result<ServiceStatus, ClientError> {
        self.json(Method::POST, &service(key, "/renew"), Some(renew))
            .await
    }

    /// Makes the weights prepared: from here the proxy never reverts alone.
    ///
    /// # Errors
    /// `reverted` where the lease ran out: traffic is back at stable.
    pub async fn prepare(&self, key: &str) -> Result<ServiceStatus, ClientError> {
        self.json(Method::POST, &service(key, "/prepare"), None::<&()>)
            .await
    }

    /// Makes the weights final.
    ///
    /// # Errors
    /// `reverted` where the lease ran out: traffic is back at stable.
    pub async fn commit(&self, key: &str) -> Result<ServiceStatus, ClientError> {
        self.json(Method::POST, &service(key, "/commit"), None::<&()>)
            .await
    }

    /// Starts, or changes, the drain of a version.
    ///
    /// # Errors
    /// `still_has_weight`, `unknown_version`.
    pub async fn drain(&self, key: &str, drain: &Drain) -> Result<ServiceStatus, ClientError> {
        self.json(Method::POST, &service(key, "/drain"), Some(drain))
            .await
    }

    /// Reads the counters of a service.
    ///
    /// # Errors
    /// `unknown_service`.
    pub async fn traffic(&self, key: &str) -> Result<Traffic, ClientError> {
        self.json(Method::GET, &service(key, "/traffic"), None::<&()>)
            .await
    }

    /// Reads all counters in Prometheus' text format.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn metrics(&self) -> Result<String, ClientError> {
        let bytes = self.call(Method::GET, "/metrics", Bytes::new()).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, ClientError> {
        let call = format!("{method} {path}");
        let body = body.map_or(Ok(Vec::new()), serde_json::to_vec);
        let body = body.map_err(|e| self.unknown(&call, e))?;
        let bytes = self.call(method, path, Bytes::from(body)).await?;
        serde_json::from_slice(&bytes).map_err(|e| self.unknown(&call, e))
    }

    fn unknown(&self, call: &str, reason: impl ToString) -> ClientError {
        ClientError::Unknown {
            path: self.socket.clone(),
            call: call.to_owned(),
            reason: reason.to_string(),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes, ClientError> {
        let call = format!("{method} {path}");
        let (status, bytes) =
            tokio::time::timeout(CALL_TIMEOUT, self.exchange(&call, method, path, body))
                .await
                .map_err(|_| self.unknown(&call, "it took more than 10 s"))??;
        if status.is_success() {
            return Ok(bytes);
        }
        let error = serde_json::from_slice(&bytes).unwrap_or_else(|_| ErrorBody {
            kind: "unexpected".to_owned(),
            message: format!("status {status}"),
        });
        Err(ClientError::Refused {
            call,
            status: status.as_u16(),
            error,
        })
    }

    async fn exchange(
        &self,
        call: &str,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), ClientError> {
        let stream = tokio::net::UnixStream::connect(&self.socket)
            .await
            .map_err(|source| ClientError::Unreachable {
                path: self.socket.clone(),
                source,
            })?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| self.unknown(call, e))?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(http::header::HOST, "proxy")
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|e| self.unknown(call, e))?;
        let answer = async {
            let answer = sender
                .send_request(request)
                .await
                .map_err(|e| self.unknown(call, e))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX)
                .collect()
                .await
                .map_err(|e| self.unknown(call, e))?;
            Ok((status, body.to_bytes()))
        };
        // The connection is driven beside the answer; its own end is of no interest.
        let driven = async {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "control connection ended");
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            answer = answer => answer,
            () = driven => Err(self.unknown(call, "the connection ended")),
        }
    }
}

fn service(key: &str, verb: &str) -> String {
    format!("/v1/services/{key}{verb}")
}
