//! The machine under us, as small, honest pieces.
//!
//! Everything that every adapter needs of the operating system and that must be done in one way only:
//! the clock, durable files, the identity of a process, starting a program. Nothing here knows what a
//! release, a host or a rollout is.

pub mod clock;
pub mod file;
pub mod process;
