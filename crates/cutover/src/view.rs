//! A rollout, live: in the terminal and in the browser, both from the same [`coordinator::Snapshot`].
//!
//! ```text
//! Snapshot ──▶ frame (pure: lines for a width and a height) ──▶ Screen (raw terminal, restored whatever happens)
//!    │                                    keys ──▶ Hands (what a key means now) ──▶ orders
//!    └───────▶ web (one page on loopback; changes as an event stream, orders by POST with a token)
//! ```

mod attend;
#[cfg(test)]
mod example;
mod foot;
mod frame;
mod hands;
mod head;
mod hosts;
mod key;
mod line;
mod screen;
mod tree;
pub(crate) mod web;

pub(crate) use self::attend::{Attended, Live, attend, last_look};
pub(crate) use self::frame::{Shown, frame, last};
pub(crate) use self::line::Look;
