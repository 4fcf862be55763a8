//! Health: one check, and the judgement over many.

mod judge;
mod probe;
mod watch;

pub(crate) use probe::check;
pub(crate) use watch::watch;
