//! Health: one check, and the judgement over many.

mod beam;
mod checker;
mod judge;
mod probe;
mod watch;

pub(crate) use beam::Looker;
pub(crate) use checker::Checker;
pub(crate) use watch::{ANXIOUS, watch};
