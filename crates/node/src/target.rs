//! Which node is meant, and how it is reached.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// Bytes of the longest node name: 255 characters of up to four bytes.
const NAME_BYTES_MAX: usize = 1020;
/// Characters of an atom, which a node name is.
const NAME_CHARACTERS_MAX: usize = 255;

/// Why a text is no node name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name:?} is no node name: it needs the form name@host, without spaces, and 255 characters at most"
)]
pub struct InvalidNodeName {
    /// The text.
    pub name: String,
}

/// The full name of a node, `name@host`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeName(String);

impl NodeName {
    /// Takes a full name.
    ///
    /// # Errors
    /// Where either side of the `@` is empty, or the name is too long or holds spaces.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidNodeName> {
        let name = name.into();
        let both = name
            .split_once('@')
            .is_some_and(|(short, host)| !short.is_empty() && !host.is_empty());
        let fits = name.len() <= NAME_BYTES_MAX && name.chars().count() <= NAME_CHARACTERS_MAX;
        let plain = !name.chars().any(|c| c.is_control() || c.is_whitespace());
        if both && fits && plain && name.matches('@').count() == 1 {
            Ok(Self(name))
        } else {
            Err(InvalidNodeName { name })
        }
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`: the name that epmd knows.
    pub fn short(&self) -> &str {
        self.0.split_once('@').map_or(&self.0, |(short, _)| short)
    }

    /// What stands after the `@`.
    pub fn host(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, host)| host)
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The shared secret of a cluster. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie(String);

impl Cookie {
    /// Takes a cookie.
    pub fn new(cookie: impl Into<String>) -> Self {
        Self(cookie.into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookie(..)")
    }
}

/// How the port of a node is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The epmd on this port of the node's address knows it.
    Epmd(u16),
    /// The node listens on this port (`-erl_epmd_port`, or `inet_dist_listen_min`).
    Port(u16),
}

/// A node to speak with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its full name.
    pub name: NodeName,
    /// The cookie that it expects.
    pub cookie: Cookie,
    /// The address of its host.
    pub address: IpAddr,
    /// Where it listens.
    pub door: Door,
}

impl Target {
    /// A node of this very host, found through the epmd on `epmd_port`.
    pub fn local(name: NodeName, cookie: Cookie, epmd_port: u16) -> Self {
        Self {
            name,
            cookie,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            door: Door::Epmd(epmd_port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_name_has_two_sides() {
        let name = NodeName::new("shop_1@host").unwrap();
        assert_eq!((name.short(), name.host()), ("shop_1", "host"));
        for wrong in ["", "shop", "@host", "shop@", "a@b@c", "a b@c", "a@\n"] {
            assert!(NodeName::new(wrong).is_err(), "{wrong:?}");
        }
        assert!(NodeName::new(format!("{}@h", "é".repeat(253))).is_ok());
        assert!(NodeName::new(format!("{}@h", "é".repeat(254))).is_err());
    }

    #[test]
    fn a_cookie_is_never_printed() {
        let name = NodeName::new("a@b").unwrap();
        let target = Target::local(name, Cookie::new("geheim"), 4369);
        assert!(!format!("{target:?}").contains("geheim"));
    }
}
