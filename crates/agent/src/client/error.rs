//! Why a call to the agent failed, and whether it may be made again.

use std::io;
use std::path::PathBuf;

use http::StatusCode;

/// What is known about the deed after a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It was refused for a reason; the same call would be refused again.
    Never,
    /// It was not done; it may be called again.
    Safe,
    /// It may or may not have been done: ask before calling again.
    UnknownOutcome,
}

/// A call to the agent that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing answers at the socket.
    #[error("the agent cannot be reached at {}: {source}; is `cutover agent run` running", socket.display())]
    Unreachable {
        /// The agent's socket.
        socket: PathBuf,
        /// The system's own error.
        source: io::Error,
    },
    /// The connection ended before the answer.
    #[error("the connection to the agent broke during {operation}: {detail}")]
    Broken {
        /// The method and path of the call.
        operation: String,
        /// What the connection said.
        detail: String,
    },
    /// No answer came in time.
    #[error("the agent did not answer {operation} within {seconds} s")]
    TimedOut {
        /// The method and path of the call.
        operation: String,
        /// The time given, in seconds.
        seconds: u64,
    },
    /// The agent said no.
    #[error("{message}")]
    Refused {
        /// The method and path of the call.
        operation: String,
        /// The HTTP status.
        status: StatusCode,
        /// The stable word for programs, such as `stale_token`.
        kind: String,
        /// The agent's sentence.
        message: String,
    },
    /// The answer was not what this version understands.
    #[error("the agent's answer to {operation} was not understood: {detail}")]
    Malformed {
        /// The method and path of the call.
        operation: String,
        /// What was wrong with it.
        detail: String,
    },
    /// The request itself could not be made.
    #[error("the call {operation} cannot be made: {detail}")]
    Request {
        /// The method and path of the call.
        operation: String,
        /// What was wrong with it.
        detail: String,
    },
}

impl Error {
    /// Says whether the call may be made again.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Unreachable { .. } => Retry::Safe,
            Self::Broken { .. } | Self::TimedOut { .. } | Self::Malformed { .. } => {
                Retry::UnknownOutcome
            }
            Self::Refused { status, .. } if *status == StatusCode::SERVICE_UNAVAILABLE => {
                Retry::Safe
            }
            Self::Refused { status, .. } if status.is_server_error() => Retry::UnknownOutcome,
            Self::Refused { .. } | Self::Request { .. } => Retry::Never,
        }
    }

    /// The stable word of a refusal, such as `stale_token` or `unknown_instance`.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::Refused { kind, .. } => Some(kind),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: StatusCode) -> Retry {
        Error::Refused {
            operation: "PUT /v1/services/shop.production/route".into(),
            status,
            kind: "x".into(),
            message: "no".into(),
        }
        .retry()
    }

    #[test]
    fn a_refusal_says_whether_the_deed_was_done() {
        assert_eq!(refused(StatusCode::CONFLICT), Retry::Never);
        assert_eq!(refused(StatusCode::SERVICE_UNAVAILABLE), Retry::Safe);
        assert_eq!(refused(StatusCode::BAD_GATEWAY), Retry::UnknownOutcome);
    }
}
