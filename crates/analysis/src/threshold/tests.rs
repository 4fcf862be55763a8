//! The outcomes, by tables of measurements: `g`ood, `b`ad, `n`either, `-` no data, `e`rror, not-a-number `?`.

use super::*;

fn settings() -> ThresholdSettings {
    let criteria = Criteria::Both {
        success: "< 0.01".parse().unwrap(),
        failure: "> 0.05".parse().unwrap(),
    };
    ThresholdSettings {
        count: Some(3),
        ..ThresholdSettings::usual(criteria)
    }
}

fn seen(settings: ThresholdSettings, measurements: &str) -> Threshold {
    let mut threshold = Threshold::new(settings);
    for measurement in measurements.chars() {
        threshold.see(match measurement {
            'g' => Measurement::Value(Number::new(0.001)),
            'b' => Measurement::Value(Number::new(0.06)),
            'n' => Measurement::Value(Number::new(0.03)),
            '?' => Measurement::Value(Number::new(f64::NAN)),
            '-' => Measurement::NoData,
            _ => Measurement::Error("connection refused".to_owned()),
        });
    }
    threshold
}

#[track_caller]
fn check(settings: ThresholdSettings, measurements: &str, midway: &str, last: &str) {
    let threshold = seen(settings, measurements);
    let word = |outcome: Outcome| match outcome {
        Outcome::Running { .. } => "running",
        Outcome::Successful { .. } => "successful",
        Outcome::Failed { .. } => "failed",
        Outcome::Inconclusive { .. } => "inconclusive",
    };
    assert_eq!(
        word(threshold.outcome(Look::Midway)),
        midway,
        "{threshold:?}"
    );
    assert_eq!(word(threshold.outcome(Look::Last)), last, "{threshold:?}");
}

#[test]
fn measurements_are_counted_as_argo_counts_them() {
    let usual = settings();
    check(usual, "gg", "running", "inconclusive");
    check(usual, "ggg", "successful", "successful");
    check(usual, "ggb", "failed", "failed");
    check(usual, "ggn", "inconclusive", "inconclusive");
    check(usual, "geeeeggbb", "successful", "successful");
    check(usual, "geeeee", "inconclusive", "inconclusive");
    check(usual, "eeeegeeeeg", "running", "inconclusive");

    let lenient = ThresholdSettings {
        failure_limit: 1,
        inconclusive_limit: 1,
        ..usual
    };
    check(lenient, "gbn", "successful", "successful");
    check(lenient, "gbb", "failed", "failed");
    check(lenient, "gnn", "inconclusive", "inconclusive");
}

#[test]
fn no_data_never_succeeds() {
    let usual = settings();
    check(usual, "", "running", "inconclusive");
    check(usual, "-", "inconclusive", "inconclusive");
    check(usual, "?", "inconclusive", "inconclusive");
    let lenient = ThresholdSettings {
        inconclusive_limit: 10,
        ..usual
    };
    check(lenient, "--?", "inconclusive", "inconclusive");
    check(lenient, "--g", "successful", "successful");
    let endless = ThresholdSettings {
        count: None,
        inconclusive_limit: 10,
        ..usual
    };
    check(endless, "----", "running", "inconclusive");
    check(endless, "---g", "running", "successful");
    check(endless, "", "running", "inconclusive");
    check(endless, "e", "running", "inconclusive");
}

#[test]
fn one_condition_alone_leaves_nothing_between() {
    let only = |criteria| ThresholdSettings {
        count: Some(1),
        ..ThresholdSettings::usual(criteria)
    };
    let success = only(Criteria::Success("< 0.01".parse().unwrap()));
    check(success, "g", "successful", "successful");
    check(success, "n", "failed", "failed");
    check(success, "?", "inconclusive", "inconclusive");
    let failure = only(Criteria::Failure("> 0.05".parse().unwrap()));
    check(failure, "n", "successful", "successful");
    check(failure, "b", "failed", "failed");
    check(failure, "?", "inconclusive", "inconclusive");
}

#[test]
fn the_detail_names_the_last_measurement_and_the_limits() {
    let failed = seen(settings(), "gb").outcome(Look::Midway);
    assert_eq!(
        failed.detail(),
        "2 of 3 measured: 1 good, 1 bad, 0 neither; the last value was 0.06, \
         wanted < 0.01, bad is > 0.05"
    );
    let silent = seen(settings(), "eeeee").outcome(Look::Midway);
    assert!(
        silent
            .detail()
            .contains("the source failed: connection refused"),
        "{silent:?}"
    );
}

#[test]
fn settings_that_measure_nothing_are_refused() {
    assert_eq!(settings().check(), Ok(()));
    let never = ThresholdSettings {
        count: Some(0),
        ..settings()
    };
    assert_eq!(never.check(), Err(SettingsError::Count));
    let at_once = ThresholdSettings {
        interval_ms: 0,
        ..settings()
    };
    assert_eq!(at_once.check(), Err(SettingsError::Interval));
}
