//! The agent as a process, with real shims and programs.

mod bench;
mod lifecycle;
mod refusals;
mod runs;
mod survival;
