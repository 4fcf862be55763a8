//! Logs: written with bounds, read from the end, followed through rotations.
//!
//! `current.log` is the newest, `current.log.1` the one before it, and so on.

mod follow;
mod news;
mod rotate;
mod tail;

pub use follow::Follower;
pub use news::News;
pub use rotate::{Writer, append};
pub use tail::{fresh, tail};

/// The file being written.
pub(crate) const CURRENT: &str = "current.log";
