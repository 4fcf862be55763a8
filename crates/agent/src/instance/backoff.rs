//! How long to wait before a crashed instance is started again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// A run this long was a good one: the next pause is the first again.
const STABLE: Duration = Duration::from_secs(60);

/// Pauses that double with each crash in a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Backoff {
    in_a_row: u32,
}

impl Backoff {
    /// Takes note of a crash after a run of `ran_for`; returns the pause.
    pub(super) fn crashed_after(&mut self, ran_for: Duration) -> Duration {
        if ran_for >= STABLE {
            self.in_a_row = 0;
        }
        let pause = FIRST.saturating_mul(2u32.saturating_pow(self.in_a_row.min(16)));
        self.in_a_row = self.in_a_row.saturating_add(1);
        pause.min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_a_bound_and_begin_anew_after_a_good_run() {
        let mut backoff = Backoff::default();
        let short = Duration::from_secs(1);
        let pauses: Vec<u64> = (0..9)
            .map(|_| backoff.crashed_after(short).as_millis() as u64)
            .collect();
        assert_eq!(
            pauses,
            [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]
        );
        assert_eq!(backoff.crashed_after(STABLE), FIRST);
        assert_eq!(backoff.crashed_after(short), FIRST * 2);
    }
}
