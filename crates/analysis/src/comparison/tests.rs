//! What a comparison says, by example. How often it is wrong is shown in `tests/rates.rs`.

use super::*;

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Running { .. } => "running",
        Outcome::Successful { .. } => "successful",
        Outcome::Failed { .. } => "failed",
        Outcome::Inconclusive { .. } => "inconclusive",
    }
}

/// Feeds the same interval again and again; returns the outcome at the end.
fn fed(stable: (u64, u64), candidate: (u64, u64), intervals: u32) -> Comparison {
    let mut comparison = Comparison::new(ComparisonSettings::USUAL);
    for _ in 0..intervals {
        comparison.see(
            Counts::new(stable.0, stable.1),
            Counts::new(candidate.0, candidate.1),
        );
    }
    comparison
}

#[track_caller]
fn check(stable: (u64, u64), candidate: (u64, u64), intervals: u32, midway: &str, last: &str) {
    let comparison = fed(stable, candidate, intervals);
    let outcome = comparison.outcome(Look::Midway);
    assert_eq!(word(&outcome), midway, "{outcome:?}");
    let outcome = comparison.outcome(Look::Last);
    assert_eq!(word(&outcome), last, "{outcome:?}");
}

#[test]
fn what_is_clear_is_decided_and_what_is_not_is_not() {
    check((900, 1), (100, 0), 20, "successful", "successful");
    check((900, 1), (100, 1), 20, "running", "inconclusive");
    check((900, 0), (100, 100), 2, "failed", "failed");
    check((900, 9), (100, 20), 5, "failed", "failed");
    check((900, 9), (100, 1), 1, "running", "inconclusive");
    check((5, 0), (5, 1), 3, "running", "inconclusive");
    check((0, 0), (0, 0), 100, "running", "inconclusive");
    check((100, 0), (0, 0), 100, "running", "inconclusive");
}

#[test]
fn without_stable_beside_it_a_bad_candidate_is_not_guessed_to_be_bad() {
    check((0, 0), (1000, 1000), 10, "running", "inconclusive");
    let outcome = fed((0, 0), (1000, 1000), 10).outcome(Look::Last);
    assert_eq!(
        outcome.detail(),
        "not enough data: stable has had no requests, so nothing can be compared; \
         the candidate has had 10000"
    );
}

#[test]
fn one_interval_alone_decides_nothing() {
    check((90_000, 0), (10_000, 10_000), 1, "running", "inconclusive");
    check((90_000, 0), (10_000, 0), 1, "running", "inconclusive");
    check((90_000, 0), (10_000, 0), 2, "successful", "successful");
}

#[test]
fn a_difference_within_the_margin_is_none() {
    // Twice the errors, without any doubt: 0.1 % and 0.2 %, where one point more is allowed.
    check((90_000, 90), (10_000, 20), 50, "successful", "successful");
    let strict = ComparisonSettings {
        margin_ppm: 500,
        ..ComparisonSettings::USUAL
    };
    let mut comparison = Comparison::new(strict);
    for _ in 0..50 {
        comparison.see(Counts::new(90_000, 90), Counts::new(10_000, 20));
    }
    assert_eq!(word(&comparison.outcome(Look::Midway)), "failed");
}

#[test]
fn an_incident_of_both_does_not_blame_the_candidate() {
    let mut comparison = fed((900, 1), (100, 0), 10);
    for _ in 0..30 {
        comparison.see(Counts::new(500, 200), Counts::new(500, 200));
    }
    assert_ne!(word(&comparison.outcome(Look::Midway)), "failed");
}

#[test]
fn not_enough_data_says_how_much_there_is_and_how_much_is_wanted() {
    let outcome = fed((90, 0), (10, 0), 3).outcome(Look::Last);
    assert_eq!(
        outcome.detail(),
        "not enough data: 0 of the candidate's 30 requests failed or were answered 5xx (0.00 %), \
         and 0 of stable's 270 in the same time (0.00 %); about 600 are wanted"
    );
    assert_eq!(
        fed((90, 0), (0, 0), 3).outcome(Look::Last).detail(),
        "not enough data: the candidate has had no requests"
    );
}

#[test]
fn after_a_switch_the_candidate_is_held_against_stable_as_it_was() {
    let after = |before: (u64, u64), candidate: (u64, u64)| {
        let mut comparison =
            Comparison::after_switch(ComparisonSettings::USUAL, Counts::new(before.0, before.1));
        for _ in 0..10 {
            comparison.see(Counts::NONE, Counts::new(candidate.0, candidate.1));
        }
        word(&comparison.outcome(Look::Last))
    };
    assert_eq!(after((10_000, 10), (1000, 1)), "successful");
    assert_eq!(after((10_000, 10), (1000, 50)), "failed");
    assert_eq!(after((10_000, 1000), (1000, 100)), "inconclusive");
    // Nothing is known of stable: the candidate may be within the margin, and is not called worse.
    assert_eq!(after((0, 0), (1000, 0)), "successful");
    assert_eq!(after((0, 0), (1000, 1000)), "inconclusive");
}

#[test]
fn the_same_inputs_give_the_same_bits() {
    let mut comparison = fed((900, 9), (100, 1), 7);
    comparison.see(Counts::new(17, 3), Counts::new(14, 1));
    let again = {
        let mut again = fed((900, 9), (100, 1), 7);
        again.see(Counts::new(17, 3), Counts::new(14, 1));
        again
    };
    assert_eq!(comparison, again);
    // Written down once: another machine, compiler or version of libm must come to the same.
    let digest = format!("{comparison:?}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
    assert_eq!(digest, 4_688_437_287_441_924_490, "{comparison:#?}");
}

proptest::proptest! {
    #[test]
    fn no_counts_do_harm(
        intervals: Vec<(u64, u64, u64, u64)>,
        settings: (u32, u32, u32, u32, u32),
        before: Option<(u64, u64)>,
    ) {
        let settings = ComparisonSettings {
            false_alarms_permille: settings.0,
            misses_permille: settings.1,
            margin_ppm: settings.2,
            together_max: settings.3,
            intervals_min: settings.4,
        };
        let mut comparison = match before {
            None => Comparison::new(settings),
            Some((requests, bad)) => {
                Comparison::after_switch(settings, Counts::new(requests, bad))
            }
        };
        for (stable, of_stable, candidate, of_candidate) in intervals {
            comparison.see(Counts::new(stable, of_stable), Counts::new(candidate, of_candidate));
            assert!(!comparison.outcome(Look::Midway).detail().is_empty());
            assert!(comparison.outcome(Look::Last).is_decided());
            assert!(!format!("{comparison:?}").contains("NaN"), "{comparison:?}");
        }
    }
}

#[test]
fn the_largest_counts_do_no_harm() {
    let mut comparison = Comparison::new(ComparisonSettings::USUAL);
    for counts in [u64::MAX, 0, 1, u64::MAX / 2] {
        comparison.see(Counts::new(counts, counts), Counts::new(counts, u64::MAX));
        comparison.see(Counts::new(0, counts), Counts::new(0, counts));
        let outcome = comparison.outcome(Look::Last);
        assert!(!outcome.detail().is_empty());
    }
}
