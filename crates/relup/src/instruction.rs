//! The instructions of appups and relups, after OTP's `appup(4)` and `release_handler`.
//!
//! What is accepted is what `systools_rc` accepts, in each of its short forms; what is printed is the
//! shortest form that reads back as the same instruction.

mod error;
mod field;
mod high;
mod low;

pub(crate) use error::shortened;
pub use error::{InstructionError, Problem};
pub use high::{Change, High, ModuleType, Timeout, Update};
pub use low::{CodeChange, Low, Purge, Purges};
