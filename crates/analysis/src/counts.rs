//! Requests of one version in one interval.

/// How many requests of a version ended in an interval, and how many of them were bad.
///
/// Count requests that *ended*: of requests that merely began, the slow ones fall into a later interval
/// with other weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests.
    pub requests: u64,
    /// Those of them that were bad: failed on the way or answered 5xx, or slow.
    pub bad: u64,
}

impl Counts {
    /// No requests.
    pub const NONE: Self = Self {
        requests: 0,
        bad: 0,
    };

    /// Counts of one interval.
    pub const fn new(requests: u64, bad: u64) -> Self {
        Self { requests, bad }
    }

    /// Returns the increments since `earlier`, counted by the same counters. Counters that went back
    /// began anew: all they hold is new.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        if self.requests < earlier.requests || self.bad < earlier.bad {
            return self;
        }
        Self {
            requests: self.requests - earlier.requests,
            bad: self.bad - earlier.bad,
        }
    }

    /// Returns the sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            bad: self.bad.saturating_add(other.bad),
        }
    }

    /// Makes every bad request a request: a bad end may be counted before its request is.
    #[must_use]
    pub(crate) fn whole(self) -> Self {
        Self {
            requests: self.requests.max(self.bad),
            bad: self.bad,
        }
    }

    /// Returns the requests that were not bad.
    pub(crate) fn good(self) -> u64 {
        self.requests.saturating_sub(self.bad)
    }

    /// Returns the share of bad requests as a person reads it.
    pub(crate) fn percent(self) -> String {
        let ppm = u128::from(self.bad) * 1_000_000 / u128::from(self.requests.max(1));
        format!("{} %", hundredths(ppm))
    }
}

/// Writes parts per million in hundredths, with two places.
pub(crate) fn hundredths(ppm: u128) -> String {
    let rounded = (ppm + 50) / 100;
    format!("{}.{:02}", rounded / 100, rounded % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn increments_are_taken_and_counters_that_began_anew_count_whole() {
        let check = |now, earlier, expected| assert_eq!(Counts::since(now, earlier), expected);
        check(Counts::new(10, 2), Counts::new(4, 1), Counts::new(6, 1));
        check(Counts::new(3, 0), Counts::new(4, 1), Counts::new(3, 0));
        check(Counts::new(10, 0), Counts::new(4, 1), Counts::new(10, 0));
    }

    #[test]
    fn shares_read_as_percent() {
        let check = |requests, bad, expected: &str| {
            assert_eq!(Counts::new(requests, bad).percent(), expected);
        };
        check(0, 0, "0.00 %");
        check(1000, 1, "0.10 %");
        check(3, 1, "33.33 %");
        check(3, 2, "66.67 %");
        check(7, 7, "100.00 %");
        check(u64::MAX, u64::MAX, "100.00 %");
    }
}
