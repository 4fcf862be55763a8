//! The whole path on real releases: build, deploy, change under load, and what can go wrong.
//!
//! Each test has a home, a name server and a proxy port of its own, and ends what it started.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test starts the program, lays out files that nobody else reads, and says what it saw"
)]

mod agent_killed;
mod bad_input;
mod fleet;
mod frozen;
mod health;
mod hooks;
mod jobs;
mod judged;
mod killed_deploy;
mod planned;
mod refused_health;
mod release_command;
mod rig;
mod takeover;
mod verbs;
