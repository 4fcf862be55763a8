//! Moments, told from now.

use std::time::Duration;

use super::seconds;

/// How long ago a time was, in milliseconds since the epoch: `3 min 2 s ago`.
pub(crate) fn ago(at_ms: u64) -> String {
    format!("{} ago", span(sys::clock::now_ms().saturating_sub(at_ms)))
}

/// How long it is until a time, in milliseconds since the epoch: `56 min 2 s`.
pub(crate) fn until(at_ms: u64) -> String {
    span(at_ms.saturating_sub(sys::clock::now_ms()))
}

fn span(ms: u64) -> String {
    const HOUR: u64 = 3_600_000;
    const DAY: u64 = 24 * HOUR;
    match ms {
        0..HOUR => seconds(Duration::from_millis(ms)),
        HOUR..DAY => format!("{} h {} min", ms / HOUR, ms % HOUR / 60_000),
        _ => format!("{} d {} h", ms / DAY, ms % DAY / HOUR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_say_them() {
        assert_eq!(span(1_500), "1.5 s");
        assert_eq!(span(125_000), "2 min 5 s");
        assert_eq!(span(2 * 3_600_000 + 60_000), "2 h 1 min");
        assert_eq!(span(50 * 3_600_000), "2 d 2 h");
    }
}
