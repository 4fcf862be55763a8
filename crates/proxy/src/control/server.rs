//! The control socket's server: a thin skin over the registry.

use std::convert::Infallible;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sys::file::FileError;
use tokio::net::UnixListener;
use tokio::sync::Notify;

use super::v1::{ErrorBody, Renew, Status};
use crate::metrics;
use crate::registry::{Registry, RegistryError};
use crate::worker::Worker;

/// The largest request body.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What the control calls act on.
#[derive(Debug)]
pub(crate) struct Control {
    /// Every service.
    pub(crate) registry: Mutex<Registry>,
    /// Every worker.
    pub(crate) workers: Vec<Arc<Worker>>,
    /// Told after each change, so that the next lease's end is looked up.
    pub(crate) changed: Notify,
}

impl Control {
    /// The registry; a panic of another call has changed nothing half.
    pub(crate) fn registry(&self) -> std::sync::MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the control socket, mode 0600, in place of one that a dead proxy left.
///
/// # Errors
/// Where it cannot be made, such as when its path is longer than a socket's may be.
pub(crate) fn bind(path: &Path) -> Result<UnixListener, FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(FileError::at("remove the old", path)(error));
        }
        _ => {}
    }
    let socket = UnixListener::bind(path).map_err(FileError::at("listen on", path))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(FileError::at("close to others", path))?;
    Ok(socket)
}

/// Answers control calls until dropped.
pub(crate) async fn serve(socket: UnixListener, control: Arc<Control>) {
    loop {
        let stream = match socket.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept on the control socket");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
        };
        let control = Arc::clone(&control);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let control = Arc::clone(&control);
                async move { Ok::<_, Infallible>(answer(&control, request).await) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a control connection ended");
            }
        });
    }
}

/// A refused call.
struct Refused {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

type Answer = Result<Response<Full<Bytes>>, Refused>;

async fn answer(control: &Control, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let result = match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(body) => call(control, &parts.method, parts.uri.path(), &body.to_bytes()),
        Err(error) => Err(invalid(format!("the body cannot be read: {error}"))),
    };
    control.changed.notify_one();
    result.unwrap_or_else(|refused| {
        let body = ErrorBody {
            kind: refused.kind.to_owned(),
            message: refused.message,
        };
        let mut answer = json(&body).unwrap_or_default();
        *answer.status_mut() = refused.status;
        answer
    })
}

fn call(control: &Control, method: &Method, path: &str, body: &[u8]) -> Answer {
    let mut registry = control.registry();
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (method, &segments[..]) {
        (&Method::GET, ["metrics"]) => {
            let text = metrics::render(&registry, &control.workers);
            let mut answer = Response::new(Full::new(Bytes::from(text)));
            let kind = header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            answer.headers_mut().insert(header::CONTENT_TYPE, kind);
            Ok(answer)
        }
        (&Method::GET, ["v1", "status"]) => json(&Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            listeners: registry.listeners(),
            services: registry.statuses(),
        }),
        (&Method::PUT, ["v1", "services", key]) => json(&registry.put(key, parse(body)?)?),
        (&Method::DELETE, ["v1", "services", key]) => {
            registry.delete(key)?;
            Ok(Response::default())
        }
        (&Method::POST, ["v1", "services", key, "renew"]) => {
            let renew: Renew = parse(body)?;
            json(&registry.renew(key, renew.ttl_ms)?)
        }
        (&Method::POST, ["v1", "services", key, "prepare"]) => json(&registry.prepare(key)?),
        (&Method::POST, ["v1", "services", key, "commit"]) => json(&registry.commit(key)?),
        (&Method::POST, ["v1", "services", key, "drain"]) => {
            json(&registry.drain(key, parse(body)?)?)
        }
        (&Method::GET, ["v1", "services", key, "traffic"]) => json(&registry.traffic(key)?),
        _ => Err(Refused {
            status: StatusCode::NOT_FOUND,
            kind: "unknown_call",
            message: format!("there is no call {method} {path}"),
        }),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body)
        .map_err(|error| invalid(format!("the body is not what is expected: {error}")))
}

fn json(value: &impl Serialize) -> Answer {
    let bytes = serde_json::to_vec(value).map_err(|error| Refused {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        kind: "internal",
        message: error.to_string(),
    })?;
    let mut answer = Response::new(Full::new(Bytes::from(bytes)));
    let kind = header::HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(answer)
}

fn invalid(message: String) -> Refused {
    Refused {
        status: StatusCode::BAD_REQUEST,
        kind: "invalid",
        message,
    }
}

impl From<RegistryError> for Refused {
    fn from(error: RegistryError) -> Self {
        let (status, kind) = match &error {
            RegistryError::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid"),
            RegistryError::OverlappingClaim { .. } => (StatusCode::CONFLICT, "overlapping_claim"),
            RegistryError::Listen { source, .. }
                if source.kind() == std::io::ErrorKind::AddrInUse =>
            {
                (StatusCode::CONFLICT, "address_in_use")
            }
            RegistryError::Listen { .. } => (StatusCode::CONFLICT, "cannot_listen"),
            RegistryError::UnknownService(_) => (StatusCode::NOT_FOUND, "unknown_service"),
            RegistryError::UnknownVersion { .. } => (StatusCode::NOT_FOUND, "unknown_version"),
            RegistryError::StillHasWeight { .. } => (StatusCode::CONFLICT, "still_has_weight"),
            RegistryError::StillHasRequests(_) => (StatusCode::CONFLICT, "still_has_requests"),
            RegistryError::Reverted(_) => (StatusCode::CONFLICT, "reverted"),
            RegistryError::NotDurable(_) => (StatusCode::INSUFFICIENT_STORAGE, "not_durable"),
        };
        Self {
            status,
            kind,
            message: error.to_string(),
        }
    }
}
