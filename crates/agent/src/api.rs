//! The agent's interface: HTTP/1.1 with JSON over a unix socket that only its owner can open.

pub mod v1;
