//! The only place that reads a clock. Cores get time as an argument.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch, by the wall clock.
pub fn now_ms() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "this is the clock adapter")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

/// An instant of the monotonic clock, for measuring durations.
pub fn monotonic() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "this is the clock adapter")]
    Instant::now()
}

/// How long ago `start` was.
pub fn since(start: Instant) -> Duration {
    monotonic().saturating_duration_since(start)
}
