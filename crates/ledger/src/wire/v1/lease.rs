//! Leases as they are told.

use serde::{Deserialize, Serialize};
use sys::process::ProcessId;

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The user's name.
    pub user: String,
    /// The host's name.
    pub host: String,
    /// The process.
    pub process: ProcessId,
    /// What it does, such as `cutover deploy`.
    pub command: String,
}

/// A lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The service key.
    pub service: String,
    /// The fencing token: higher than any before.
    pub token: u64,
    /// Who holds it.
    pub holder: Holder,
    /// Since when, in milliseconds since the epoch.
    pub since_ms: u64,
    /// Until when without renewal, in milliseconds since the epoch.
    pub expires_ms: u64,
}
