//! Whether a hot upgrade between two releases is safe, with every reason.
//!
//! A core crate. Where it is in doubt the answer is no, and it says what it could not see.

mod reason;

pub use reason::{Answer, Kind, Place, Reason, Severity, Verdict};
