//! What the agent answers where it does not do what it was asked.

use http::StatusCode;
use proxy::control::client::ClientError;
use proxy::control::v1::ErrorBody;
use sys::file::FileError;

/// A call refused: status, a stable word for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) kind: String,
    pub(crate) message: String,
}

impl Refusal {
    fn new(status: StatusCode, kind: &str, message: impl ToString) -> Self {
        Self {
            status,
            kind: kind.to_owned(),
            message: message.to_string(),
        }
    }

    /// The request makes no sense.
    pub(crate) fn bad(kind: &str, message: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, kind, message)
    }

    /// There is no such thing.
    pub(crate) fn unknown(kind: &str, message: impl ToString) -> Self {
        Self::new(StatusCode::NOT_FOUND, kind, message)
    }

    /// It contradicts what is.
    pub(crate) fn conflict(kind: &str, message: impl ToString) -> Self {
        Self::new(StatusCode::CONFLICT, kind, message)
    }

    /// What was given cannot be used.
    pub(crate) fn unusable(kind: &str, message: impl ToString) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, message)
    }

    /// Not now; nothing was done.
    pub(crate) fn later(kind: &str, message: impl ToString) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, kind, message)
    }

    /// Something below failed, at a point that is not known to be before the deed.
    pub(crate) fn failed(kind: &str, message: impl ToString) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, kind, message)
    }

    pub(crate) fn body(&self) -> ErrorBody {
        ErrorBody {
            kind: self.kind.clone(),
            message: self.message.clone(),
        }
    }
}

impl From<FileError> for Refusal {
    fn from(error: FileError) -> Self {
        if error.is_no_space() {
            let status = StatusCode::INSUFFICIENT_STORAGE;
            let message = format!("{error}: free some space, then try again");
            return Self::new(status, "no_space", message);
        }
        Self::failed("file", error)
    }
}

impl From<host::root::Error> for Refusal {
    fn from(error: host::root::Error) -> Self {
        match &error {
            host::root::Error::NoSpace { .. } => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "no_space", error)
            }
            _ => Self::failed("root", error),
        }
    }
}

impl From<host::port::Error> for Refusal {
    fn from(error: host::port::Error) -> Self {
        let kind = match &error {
            host::port::Error::InUse { .. } => "port_in_use",
            host::port::Error::Refused { .. } => "port_refused",
            host::port::Error::Claimed { .. } => "port_claimed",
            host::port::Error::NoneLeft { .. } => "no_port_left",
        };
        Self::conflict(kind, error)
    }
}

impl From<host::environment::Error> for Refusal {
    fn from(error: host::environment::Error) -> Self {
        Self::unusable("environment", error)
    }
}

impl From<host::epmd::Error> for Refusal {
    fn from(error: host::epmd::Error) -> Self {
        Self::unusable("epmd", error)
    }
}

impl From<host::shim::StartError> for Refusal {
    fn from(error: host::shim::StartError) -> Self {
        Self::failed("start", error)
    }
}

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        match &error {
            ClientError::Unreachable { .. } => Self::later("proxy_unreachable", error),
            ClientError::Unknown { .. } => {
                Self::new(StatusCode::BAD_GATEWAY, "proxy_unknown_outcome", error)
            }
            ClientError::Refused {
                status,
                error: body,
                ..
            } => Self {
                status: StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY),
                kind: body.kind.clone(),
                message: body.message.clone(),
            },
        }
    }
}

/// Runs what blocks on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Refusal::failed("panicked", error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_apart_and_with_the_remedy() {
        let full = || FileError {
            operation: "write",
            path: "/var/lib/cutover/x".into(),
            source: std::io::Error::from(std::io::ErrorKind::StorageFull),
        };
        for refusal in [
            Refusal::from(full()),
            Refusal::from(host::root::Error::from(full())),
        ] {
            assert_eq!(refusal.status, StatusCode::INSUFFICIENT_STORAGE);
            assert_eq!(refusal.kind, "no_space");
            assert!(refusal.message.contains("/var/lib/cutover/x"), "{refusal}");
            assert!(refusal.message.contains("free some"), "{refusal}");
        }
    }
}
