//! Time as the engine knows it: an argument, never a reading.

use std::fmt;

/// A point in time in milliseconds since the Unix epoch, as whoever calls the engine measured it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(u64);

impl Tick {
    /// Makes a tick from milliseconds since the epoch.
    pub fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Returns milliseconds since the epoch.
    pub fn ms(self) -> u64 {
        self.0
    }

    /// Returns the tick `ms` later; the far end of time at most.
    #[must_use]
    pub fn after(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Returns the milliseconds since `earlier`; 0 where a clock went backwards.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}
