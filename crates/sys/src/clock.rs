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

/// Milliseconds since the machine's boot, time asleep included. The same for every process of one boot,
/// so that a deadline can be kept in a file together with the boot's id.
pub fn boot_ms() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(now.tv_nsec).unwrap_or(0);
    seconds
        .saturating_mul(1000)
        .saturating_add(nanos / 1_000_000)
}
