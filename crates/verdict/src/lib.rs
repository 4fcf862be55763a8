//! Whether a hot upgrade between two releases is safe, with every reason.
//!
//! A core crate. Where it is in doubt the answer is no, and it says what it could not see.
//!
//! ```text
//! two releases ─┬─ diff ──────────────▶ reasons of the release: runtime, native, config, priv …
//!               ├─ shape ─────────────▶ reasons of processes: state, closures, reach, supervision
//!               └─ appups ─ compile ──▶ relup ─ checker ─▶ reasons of the script
//! ```
//!
//! The scripts that are judged are those that are handed out: [`Judged::relup`].

mod applications;
mod behaviours;
mod case;
mod coverage;
mod deeds;
mod facts;
mod files;
mod judge;
mod life;
mod processes;
mod protocols;
mod reach;
mod reason;
mod refused;
mod runtime;
mod script;
mod structs;
mod unseen;

pub use judge::{Judged, judge};
pub use reason::{Answer, Kind, Place, Reason, Severity, Verdict};
