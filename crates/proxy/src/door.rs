//! A place to listen on, as the configuration names it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::control::v1::{Listener, ServiceConfig};

/// One listener. Port 0 asks for any free port: the same for all services that share a listener, but one
/// of its own for each preview.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Door {
    /// Shared by every service that is configured with the address.
    Shared(SocketAddr),
    /// The preview of the service with this key.
    Preview(SocketAddr, Arc<str>),
}

impl Door {
    /// The service's own.
    pub(crate) fn of(config: &ServiceConfig) -> Self {
        Self::Shared(config.listen)
    }

    /// That of the service's preview, if it has one.
    pub(crate) fn of_preview(key: &str, config: &ServiceConfig) -> Option<Self> {
        let preview = config.preview.as_ref()?;
        Some(Self::Preview(preview.listen, key.into()))
    }

    /// The address as configured.
    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Self::Shared(address) | Self::Preview(address, _) => *address,
        }
    }

    /// The service whose preview it is.
    pub(crate) fn preview_of(&self) -> Option<&str> {
        match self {
            Self::Shared(_) => None,
            Self::Preview(_, key) => Some(key),
        }
    }

    /// Where it was bound before, if it is among these.
    pub(crate) fn bound_before(&self, listeners: &[Listener]) -> Option<SocketAddr> {
        let is_this = |known: &&Listener| {
            known.listen == self.address() && known.preview_of.as_deref() == self.preview_of()
        };
        listeners.iter().find(is_this).map(|known| known.bound)
    }

    /// Whether another would be on the very same address.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        let shares = matches!((self, other), (Self::Shared(_), Self::Shared(_)));
        !shares && self.address() == other.address() && self.address().port() != 0
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared(address) => address.fmt(f),
            Self::Preview(address, key) => write!(f, "{address} (preview of {key})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_alone_on_its_address() {
        let shared = |at: &str| Door::Shared(at.parse().unwrap());
        let preview = |at: &str, key: &str| Door::Preview(at.parse().unwrap(), key.into());
        let (fixed, any) = ("127.0.0.1:4000", "127.0.0.1:0");
        assert!(!shared(fixed).excludes(&shared(fixed)));
        assert!(shared(fixed).excludes(&preview(fixed, "a")));
        assert!(preview(fixed, "a").excludes(&preview(fixed, "b")));
        assert!(!preview(any, "a").excludes(&preview(any, "b")));
        assert!(!preview(any, "a").excludes(&shared(any)));
        assert!(!preview(fixed, "a").excludes(&shared("127.0.0.1:4001")));
    }

    #[test]
    fn each_finds_the_port_it_had() {
        let listener = |preview_of: Option<&str>, port| Listener {
            listen: "127.0.0.1:0".parse().unwrap(),
            bound: ([127, 0, 0, 1], port).into(),
            preview_of: preview_of.map(str::to_owned),
        };
        let known = [
            listener(Some("a"), 1),
            listener(None, 2),
            listener(Some("b"), 3),
        ];
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let port = |door: Door| door.bound_before(&known).map(|bound| bound.port());
        assert_eq!(port(Door::Shared(any)), Some(2));
        assert_eq!(port(Door::Preview(any, "b".into())), Some(3));
        assert_eq!(port(Door::Preview(any, "c".into())), None);
    }
}
