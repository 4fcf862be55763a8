//! What must be known of a request to carry it out.

use tokio::time::Instant;

use crate::marks::Marks;

/// What protocol a client would go over to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// None.
    Stay,
    /// WebSocket and nothing else.
    WebSocket,
    /// Another, or one of several.
    Other,
}

impl Wish {
    /// What an `Upgrade` field says, where one counts.
    pub(crate) fn new(upgrade: Option<&str>) -> Self {
        match upgrade.map(str::trim) {
            None => Self::Stay,
            Some(protocol) if protocol.eq_ignore_ascii_case("websocket") => Self::WebSocket,
            Some(_) => Self::Other,
        }
    }

    /// Says whether going over to `protocol` is what was wished.
    pub(crate) fn allows(self, protocol: Option<&[u8]>) -> bool {
        match self {
            Self::Stay => false,
            Self::WebSocket => protocol.is_some_and(|p| p.eq_ignore_ascii_case(b"websocket")),
            Self::Other => protocol.is_some(),
        }
    }
}

/// What the exchange must know of the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    /// Whether it is a HEAD request.
    pub(crate) is_head: bool,
    /// Whether sending it twice does no harm.
    pub(crate) is_idempotent: bool,
    /// Whether the client wants to go over to another protocol.
    pub(crate) upgrade: Wish,
    /// What it says of the version it belongs to.
    pub(crate) marks: Marks,
    /// When its head was complete.
    pub(crate) begun: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_wished_is_allowed() {
        let check = |wish: Option<&str>, protocol: Option<&str>, expected: bool| {
            let allowed = Wish::new(wish).allows(protocol.map(str::as_bytes));
            assert_eq!(allowed, expected, "{wish:?} {protocol:?}");
        };
        check(None, Some("websocket"), false);
        check(Some("WebSocket"), Some("websocket"), true);
        check(Some("websocket"), Some("ssh"), false);
        check(Some("websocket"), None, false);
        check(Some("foo, websocket"), Some("foo"), true);
        check(Some("foo"), None, false);
    }
}
