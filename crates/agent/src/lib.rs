//! The control process of a host.

pub mod api;
