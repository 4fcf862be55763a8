//! What is said over the agent's unix socket: HTTP/1.1 with JSON.

pub mod v1;
