//! Hosts of a fleet that a plan leaves out.

use std::fmt;

use crate::name::HostId;

/// A host that a plan leaves out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOut {
    /// It does not answer, which the failure budget puts up with.
    Unreachable {
        /// Which host.
        host: HostId,
        /// What was seen.
        detail: String,
    },
    /// It has the candidate already.
    UpToDate {
        /// Which host.
        host: HostId,
    },
}

impl LeftOut {
    /// Returns which host.
    pub fn host(&self) -> &HostId {
        match self {
            Self::Unreachable { host, .. } | Self::UpToDate { host } => host,
        }
    }

    /// Says whether it counts against the failure budget.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { host, detail } => write!(f, "{host} does not answer: {detail}"),
            Self::UpToDate { host } => write!(f, "{host} has the candidate already"),
        }
    }
}
