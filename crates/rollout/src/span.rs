//! Times as people write them.

/// Writes milliseconds as people do: `0 s`, `250 ms`, `1.5 s`, `10 min`, `1 h 30 min`.
pub fn span(ms: u64) -> String {
    const MINUTE: u64 = 60_000;
    const HOUR: u64 = 60 * MINUTE;
    match ms {
        0 => "0 s".into(),
        1..1_000 => format!("{ms} ms"),
        _ if ms >= HOUR => match (ms / HOUR, ms % HOUR / MINUTE) {
            (hours, 0) => format!("{hours} h"),
            (hours, minutes) => format!("{hours} h {minutes} min"),
        },
        _ if ms >= MINUTE => match (ms / MINUTE, ms % MINUTE / 1000) {
            (minutes, 0) => format!("{minutes} min"),
            (minutes, seconds) => format!("{minutes} min {seconds} s"),
        },
        _ if ms.is_multiple_of(1000) => format!("{} s", ms / 1000),
        _ => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_are_written_as_people_do() {
        for (ms, text) in [
            (0, "0 s"),
            (250, "250 ms"),
            (1_000, "1 s"),
            (1_500, "1.5 s"),
            (61_000, "1 min 1 s"),
            (600_000, "10 min"),
            (5_400_000, "1 h 30 min"),
            (86_400_000, "24 h"),
        ] {
            assert_eq!(span(ms), text);
        }
    }
}
