//! Why a load did not start or could not be reported.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a load did not start or could not be reported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not one that this tool may put load on.
    #[error(
        "refused to load {address}: only loopback and 10.77.0.0/16 are allowed; \
         name such an address in --url"
    )]
    ForeignAddress {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The url could not be read.
    #[error("cannot read the url {url:?}: {reason}; write http://127.0.0.1:PORT")]
    Url {
        /// The url as given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An option is beyond its bound.
    #[error("{option} is {given}, and may be {allowed}")]
    OutOfBounds {
        /// The option's name.
        option: &'static str,
        /// What was given.
        given: String,
        /// What it may be.
        allowed: String,
    },
    /// A file could not be read or written.
    #[error("cannot {operation} {}: {source}", path.display())]
    File {
        /// The verb of what was attempted.
        operation: &'static str,
        /// The path.
        path: PathBuf,
        /// The system's own error.
        source: std::io::Error,
    },
    /// A socket operation that the tool itself needs failed.
    #[error("cannot {operation} {address}: {reason}")]
    Socket {
        /// The verb of what was attempted.
        operation: &'static str,
        /// The address it was attempted on.
        address: SocketAddr,
        /// What went wrong.
        reason: String,
    },
}
