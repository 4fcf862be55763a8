//! The settings: `cutover.toml`, read, checked and resolved.
//!
//! ```text
//! text ──parse──▶ File (typed, every value with its place)
//!                   └─ layers: flags ▸ [environments.NAME] ▸ file ▸ default ──resolve──▶ Resolved
//! ```
//!
//! Everything wrong is found here, before anything is done, and named by file, line, column and key.

mod bounded;
mod command_line;
mod duration;
mod env_file;
mod error;
mod file;
mod host_count;
mod keys;
mod load;
mod names;
mod place;
mod port;
mod resolve;
mod resolved;
#[cfg(test)]
mod tests;
mod to_agent;

pub(crate) use self::duration::read as read_duration;
pub(crate) use self::error::SettingsError;
pub(crate) use self::file::{Sections, schema};
pub(crate) use self::load::{FILE_NAME, Loaded, find, load};
pub(crate) use self::names::Name;
pub(crate) use self::place::At;
pub(crate) use self::resolve::{DEFAULT_ENVIRONMENT, Origin, Request, Row};
pub(crate) use self::resolved::{BuildHook, HostSetting, OnFailure, Resolved, Webhook};
