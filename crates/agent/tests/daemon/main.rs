//! The agent as a process, with real shims and programs.

mod bench;
mod beside_weights;
mod checks;
mod fleet;
mod hooks;
mod lifecycle;
mod real_release;
mod refusals;
mod routing;
mod runs;
mod survival;
