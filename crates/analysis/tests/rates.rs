//! How often a comparison is wrong, by seeded simulation. The tables of `docs/analysis.md` come from the
//! same simulation: `cargo run -p analysis --example rates`.

#[path = "../examples/rates/simulation.rs"]
mod simulation;

use analysis::ComparisonSettings;
use simulation::{Tally, Traffic, tally};

const SEED: u64 = 1;
const RUNS: u32 = 250;

fn played(traffic: &Traffic) -> Tally {
    tally(traffic, ComparisonSettings::USUAL, RUNS, SEED)
}

/// The most hits in `runs` throws of chance `p` that are seen in all but one of 10,000 cases.
fn most(runs: u32, p: f64) -> u32 {
    let n = f64::from(runs);
    let mut chance = libm::exp(n * libm::log1p(-p));
    let mut sum = chance;
    let mut hits = 0;
    while sum < 0.9999 {
        hits += 1;
        chance *= (n - f64::from(hits) + 1.0) / f64::from(hits) * p / (1.0 - p);
        sum += chance;
    }
    hits
}

#[test]
fn a_candidate_that_is_no_worse_is_called_worse_no_more_often_than_told() {
    let (mut called, mut by_z_test, mut by_threshold, mut runs) = (0, 0, 0, 0);
    for (requests, share, rate, incident) in [
        (2, 50, 0.1, 0),
        (20, 10, 0.05, 0),
        (20, 50, 0.1, 0),
        (200, 10, 0.01, 0),
        (200, 90, 0.01, 0),
        (200, 50, 0.3, 0),
        (2000, 50, 0.001, 6),
    ] {
        let tally = played(&Traffic {
            requests,
            share,
            stable: rate,
            candidate: rate,
            incident,
            ..Traffic::CALM
        });
        assert!(
            tally.ever_worse <= most(RUNS, 0.01),
            "{requests} requests, {share} %, {rate}: {tally:?}"
        );
        called += tally.ever_worse;
        by_z_test += tally.z_worse;
        by_threshold += tally.threshold_worse;
        runs += tally.runs;
    }
    assert!(called <= most(runs, 0.01), "{called} of {runs}");
    // The traffic is such that what is not made for looking again is wrong far more often.
    assert!(by_z_test > runs / 20, "{by_z_test} of {runs}");
    assert!(by_threshold > runs / 20, "{by_threshold} of {runs}");
}

#[test]
fn a_candidate_worse_by_the_margin_is_called_good_no_more_often_than_told() {
    for (requests, share) in [(200, 10), (200, 50), (2000, 50)] {
        let tally = played(&Traffic {
            requests,
            share,
            stable: 0.005,
            candidate: 0.015,
            ..Traffic::CALM
        });
        assert!(tally.good <= most(RUNS, 0.05), "{requests}: {tally:?}");
    }
}

#[test]
fn a_candidate_that_fails_is_found_with_few_requests_and_a_good_one_is_let_through() {
    let failing = played(&Traffic {
        requests: 20,
        stable: 0.001,
        candidate: 0.2,
        ..Traffic::CALM
    });
    assert!(failing.worse >= RUNS * 99 / 100, "{failing:?}");
    assert!(failing.until_worse.is_some_and(|n| n < 40), "{failing:?}");

    let worse = played(&Traffic {
        share: 50,
        candidate: 0.05,
        ..Traffic::CALM
    });
    assert!(worse.worse >= RUNS * 99 / 100, "{worse:?}");

    let good = played(&Traffic {
        requests: 2000,
        stable: 0.001,
        candidate: 0.001,
        ..Traffic::CALM
    });
    assert!(good.good >= RUNS * 99 / 100, "{good:?}");
    assert!(good.until_good.is_some_and(|n| n < 1000), "{good:?}");
}

#[test]
fn a_candidate_that_is_worse_within_the_margin_is_let_through() {
    let within = played(&Traffic {
        requests: 400,
        share: 50,
        stable: 0.001,
        candidate: 0.005,
        ..Traffic::CALM
    });
    assert!(within.good >= RUNS * 95 / 100, "{within:?}");
    assert!(within.ever_worse <= RUNS / 20, "{within:?}");
}

#[test]
fn a_candidate_that_turns_bad_late_is_found() {
    let late = played(&Traffic {
        share: 50,
        candidate: 0.2,
        worse_from: 40,
        ..Traffic::CALM
    });
    assert!(late.ever_worse >= RUNS * 99 / 100, "{late:?}");
}

#[test]
fn after_a_switch_the_rates_hold_too() {
    for (before, rate) in [(1000, 0.01), (10_000, 0.001), (100_000, 0.1)] {
        let tally = played(&Traffic {
            stable: rate,
            candidate: rate,
            before,
            ..Traffic::CALM
        });
        assert!(tally.ever_worse <= most(RUNS, 0.01), "{before}: {tally:?}");
    }
    let margin = played(&Traffic {
        stable: 0.001,
        candidate: 0.011,
        before: 10_000,
        ..Traffic::CALM
    });
    assert!(margin.good <= most(RUNS, 0.05), "{margin:?}");
    let worse = played(&Traffic {
        stable: 0.001,
        candidate: 0.05,
        before: 10_000,
        ..Traffic::CALM
    });
    assert!(worse.worse >= RUNS * 99 / 100, "{worse:?}");
}

#[test]
fn little_traffic_is_not_enough_data() {
    let quiet = played(&Traffic {
        requests: 2,
        ..Traffic::CALM
    });
    assert_eq!((quiet.worse, quiet.good), (0, 0), "{quiet:?}");
}

#[test]
fn bad_requests_that_come_together_need_the_setting_that_says_so() {
    let traffic = Traffic {
        requests: 2000,
        share: 20,
        stable: 0.005,
        candidate: 0.005,
        together: 10,
        ..Traffic::CALM
    };
    let settings = |together_max| ComparisonSettings {
        together_max,
        ..ComparisonSettings::USUAL
    };
    let told = tally(&traffic, settings(10), RUNS, SEED);
    assert!(told.ever_worse <= most(RUNS, 0.01), "{told:?}");
    let untold = tally(&traffic, settings(1), RUNS, SEED);
    assert!(untold.ever_worse > most(RUNS, 0.01), "{untold:?}");
}
