//! The proxy's control interface: HTTP/1.1 with JSON over a unix socket that only its owner can open.

pub mod client;
pub(crate) mod server;
pub mod v1;

/// The name of the socket in the proxy's home.
pub const SOCKET_NAME: &str = "control.sock";
