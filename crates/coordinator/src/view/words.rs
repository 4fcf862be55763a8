//! Durations in words for people.

/// Says a duration in the largest unit that is whole: `90 s`, `24 h`.
pub(crate) fn seconds(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        _ if ms.is_multiple_of(3_600_000) => format!("{} h", ms / 3_600_000),
        _ if ms.is_multiple_of(60_000) => format!("{} min", ms / 60_000),
        _ if ms.is_multiple_of(1_000) => format!("{} s", ms / 1_000),
        _ => format!("{:.1} s", ms as f64 / 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_said_in_the_largest_whole_unit() {
        let said = [20, 1_500, 90_000, 120_000, 86_400_000].map(seconds);
        assert_eq!(said, ["20 ms", "1.5 s", "90 s", "2 min", "24 h"]);
    }
}
