//! One bounded HTTP exchange.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::address::Address;
use crate::auth::Auth;
use crate::trust::{Trust, TrustError};

const USER_AGENT: &str = concat!("cutover/", env!("CARGO_PKG_VERSION"));

/// An exchange that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Nobody took the connection. Nothing was sent.
    #[error("cannot reach {address}: {source}")]
    Unreachable {
        /// Where it should have gone.
        address: Address,
        /// The system's error.
        source: std::io::Error,
    },
    /// The other side is not who it must be, or speaks no TLS. Nothing was sent.
    #[error("no secure connection to {address}: {reason}")]
    Tls {
        /// Where it should have gone.
        address: Address,
        /// What is wrong.
        reason: String,
    },
    /// No certificate can be believed. Nothing was sent.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// No connection came about in time. Nothing was sent.
    #[error("cannot reach {address}: no connection in {} ms", timeout.as_millis())]
    NotInTime {
        /// Where it should have gone.
        address: Address,
        /// The time it had.
        timeout: Duration,
    },
    /// It was sent, and no whole answer came in time: what came of it is unknown.
    #[error("{address} gave no answer in {} ms", timeout.as_millis())]
    Silent {
        /// Where it went.
        address: Address,
        /// The time it had.
        timeout: Duration,
    },
    /// It was sent, and the connection broke: what came of it is unknown.
    #[error("{address} broke off without an answer: {reason}")]
    Broken {
        /// Where it went.
        address: Address,
        /// What happened.
        reason: String,
    },
}

impl ExchangeError {
    /// Says whether the request provably never left for the other side.
    pub fn nothing_sent(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Tls { .. }
            | Self::Trust(_)
            | Self::NotInTime { .. } => true,
            Self::Silent { .. } | Self::Broken { .. } => false,
        }
    }
}

/// A request to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Call<'a> {
    pub(crate) address: &'a Address,
    pub(crate) auth: &'a Auth,
    pub(crate) trust: &'a Trust,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
    /// For all of it, from the first byte of the connection to the last of the answer.
    pub(crate) timeout: Duration,
    /// How much of the answer's body is read; the rest is left.
    pub(crate) answer_bytes_max: usize,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    /// Whether the body was longer.
    pub(crate) cut: bool,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Call<'_> {
    /// Posts the request and reads the answer.
    pub(crate) async fn post(&self) -> Result<Answer, ExchangeError> {
        let deadline = tokio::time::Instant::now() + self.timeout;
        let stream = tokio::time::timeout_at(deadline, self.connect())
            .await
            .map_err(|_| ExchangeError::NotInTime {
                address: self.address.clone(),
                timeout: self.timeout,
            })??;
        tokio::time::timeout_at(deadline, self.exchange(stream))
            .await
            .map_err(|_| ExchangeError::Silent {
                address: self.address.clone(),
                timeout: self.timeout,
            })?
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, ExchangeError> {
        let address = self.address;
        let tls = if address.tls {
            Some(self.trust.client()?)
        } else {
            None
        };
        let stream = TcpStream::connect((address.host.as_str(), address.port))
            .await
            .map_err(|source| ExchangeError::Unreachable {
                address: address.clone(),
                source,
            })?;
        let Some(config) = tls else {
            return Ok(Box::new(stream));
        };
        let insecure = |reason: String| ExchangeError::Tls {
            address: address.clone(),
            reason,
        };
        let name =
            ServerName::try_from(address.host.clone()).map_err(|e| insecure(e.to_string()))?;
        let stream = TlsConnector::from(config)
            .connect(name, stream)
            .await
            .map_err(|e| insecure(e.to_string()))?;
        Ok(Box::new(stream))
    }

    async fn exchange(&self, stream: Box<dyn Stream>) -> Result<Answer, ExchangeError> {
        let broken = |reason: String| ExchangeError::Broken {
            address: self.address.clone(),
            reason,
        };
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| broken(e.to_string()))?;
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&self.address.target)
            .header(header::HOST, self.address.host_header())
            .header(header::USER_AGENT, USER_AGENT)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, self.content_type)
            .header(header::CONNECTION, "close");
        if let Some(value) = self.auth.value() {
            request = request.header(header::AUTHORIZATION, value);
        }
        let request = request
            .body(Full::new(self.body.clone()))
            .map_err(|e| broken(e.to_string()))?;
        let answer = async {
            let answer = sender
                .send_request(request)
                .await
                .map_err(|e| broken(e.to_string()))?;
            let status = answer.status();
            let (body, cut) = self.read(answer.into_body()).await?;
            Ok(Answer { status, body, cut })
        };
        tokio::pin!(answer, connection);
        // The connection moves the bytes; it may end before the answer has been read to its end.
        tokio::select! {
            answer = &mut answer => answer,
            _ = &mut connection => answer.await,
        }
    }

    async fn read(&self, mut body: Incoming) -> Result<(Bytes, bool), ExchangeError> {
        let mut read = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|e| ExchangeError::Broken {
                address: self.address.clone(),
                reason: e.to_string(),
            })?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let room = self.answer_bytes_max - read.len();
            read.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                return Ok((read.freeze(), true));
            }
        }
        Ok((read.freeze(), false))
    }
}
