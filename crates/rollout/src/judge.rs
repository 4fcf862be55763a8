//! Judges the candidate's answers against stable's.

use crate::event::{Tally, TrafficSeen};
use crate::plan::Tolerance;

/// Says in words why the candidate answers worse than stable, or nothing where it does not, or where
/// there were too few requests to tell.
///
/// `before` are the counters when the candidate was given traffic. Those of a later life of the proxy began
/// at nothing: all that it counted for the candidate is the candidate's. Stable's own rate of bad answers is
/// taken over all it answered before.
pub fn judge(before: &TrafficSeen, now: &TrafficSeen, tolerance: &Tolerance) -> Option<String> {
    let since = if before.epoch == now.epoch {
        before.candidate
    } else {
        Tally::default()
    };
    let requests = now.candidate.requests.saturating_sub(since.requests);
    let bad = now.candidate.bad.saturating_sub(since.bad);
    if bad < tolerance.errors_min.max(1) || requests == 0 {
        return None;
    }
    let stable = permille(&before.stable);
    let candidate = bad.saturating_mul(1000) / requests;
    (candidate > stable.saturating_add(u64::from(tolerance.errors_over_stable_permille))).then(
        || {
            format!(
                "{bad} of {requests} requests failed or were answered 5xx ({}), stable had {}",
                percent(candidate),
                percent(stable)
            )
        },
    )
}

fn permille(tally: &Tally) -> u64 {
    tally
        .bad
        .saturating_mul(1000)
        .checked_div(tally.requests)
        .unwrap_or(0)
}

fn percent(permille: u64) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stable: (u64, u64), candidate: (u64, u64), expected: Option<&str>) {
        let tolerance = Tolerance {
            errors_min: 5,
            errors_over_stable_permille: 10,
            ..Tolerance::USUAL
        };
        let tally = |(requests, bad)| Tally {
            requests,
            bad,
            slow: 0,
            open: 0,
        };
        let before = TrafficSeen {
            epoch: 1,
            stable: tally(stable),
            candidate: Tally::default(),
        };
        let now = TrafficSeen {
            epoch: 1,
            stable: tally(stable),
            candidate: tally(candidate),
        };
        assert_eq!(judge(&before, &now, &tolerance).as_deref(), expected);
    }

    #[test]
    fn a_candidate_is_judged_by_its_rate_over_stables() {
        check((1000, 0), (1000, 4), None);
        check((1000, 0), (1000, 10), None);
        check(
            (1000, 0),
            (1000, 11),
            Some("11 of 1000 requests failed or were answered 5xx (1.1 %), stable had 0.0 %"),
        );
        check((1000, 50), (1000, 60), None);
        check(
            (0, 0),
            (5, 5),
            Some("5 of 5 requests failed or were answered 5xx (100.0 %), stable had 0.0 %"),
        );
        check((0, 0), (0, 0), None);
    }

    #[test]
    fn counters_that_began_anew_are_judged_from_nothing_against_stables_old_rate() {
        let seen = |epoch, stable, candidate| {
            let tally = |(requests, bad)| Tally {
                requests,
                bad,
                slow: 0,
                open: 0,
            };
            TrafficSeen {
                epoch,
                stable: tally(stable),
                candidate: tally(candidate),
            }
        };
        let before = seen(1, (100, 10), (500, 50));
        let check = |candidate, expected: Option<&str>| {
            let told = judge(&before, &seen(2, (0, 0), candidate), &Tolerance::USUAL);
            assert_eq!(told.as_deref(), expected);
        };
        check((0, 0), None);
        check((100, 10), None);
        check(
            (100, 90),
            Some("90 of 100 requests failed or were answered 5xx (90.0 %), stable had 10.0 %"),
        );
    }
}
