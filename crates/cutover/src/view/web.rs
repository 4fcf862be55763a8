//! A rollout in the browser: one page on loopback, drawn from the same snapshots as in the terminal.
//!
//! The page holds no secret. What it shows and what it asks for needs the token of this process, which is
//! in the fragment of the printed address, so it is in no request line of the page, no referrer and no
//! other site's reach; and requests must be addressed to loopback (a name that somebody points here is
//! refused) and must not come from another site's page.

mod door;
mod guard;
mod serve;
#[cfg(test)]
mod tests;

pub(crate) use self::serve::{Wanted, Web};
