//! The instructions of appups and relups, after OTP's `appup(4)` and `release_handler`.

mod high;
mod low;

pub use high::{Change, High, ModuleType, Timeout, Update};
pub use low::{CodeChange, Low, Purge, Purges};
