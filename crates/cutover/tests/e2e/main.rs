//! The whole path on real releases: build, deploy, change under load, and what can go wrong.
//!
//! Each test has a home, a name server and a proxy port of its own, and ends what it started.

mod agent_killed;
mod bad_input;
mod killed_deploy;
mod refused_health;
mod rig;
mod takeover;
