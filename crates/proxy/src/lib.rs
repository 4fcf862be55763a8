//! The reverse proxy of a host.
//!
//! It runs as a process of its own (`cutover proxy`), told what to do over a unix socket
//! ([`control::v1`]), and serves on while the agent is dead.

pub mod control;
