//! Analyses: what they see, and what follows.

use analysis::{ComparisonSettings, Criteria, Measurement, Number, ThresholdSettings};
use rollout::{
    Analysis, BlueGreen, CanaryStep, Event, Extent, Metric, Phase, Reply, Source, Strategy,
    WaitFor, Warning,
};

use crate::request::{canary, deploy, empty, plan};
use crate::rig::Rig;

fn comparison() -> Analysis {
    Analysis {
        for_ms: 120_000,
        interval_ms: 10_000,
        comparison: Some(ComparisonSettings::USUAL),
        latency: None,
        metrics: Vec::new(),
    }
}

fn metric() -> Analysis {
    let criteria = Criteria::Success("< 0.05".parse().unwrap());
    Analysis {
        comparison: None,
        metrics: vec![Metric {
            name: "error-rate".into(),
            source: Source::Prometheus {
                query: "sum(rate(errors[1m]))".into(),
            },
            threshold: ThresholdSettings {
                interval_ms: 20_000,
                count: Some(3),
                ..ThresholdSettings::usual(criteria)
            },
        }],
        ..comparison()
    }
}

fn rig(analysis: Analysis) -> Rig {
    let steps = vec![CanaryStep::SetWeight(50), CanaryStep::Analysis(analysis)];
    let mut rig = Rig::begun(plan(&deploy(canary(steps)), 3));
    rig.until("analysis");
    rig
}

fn value(value: f64) -> Reply {
    Reply::Measured(Measurement::Value(Number::new(value)))
}

#[test]
fn a_candidate_that_does_no_worse_than_stable_goes_on() {
    let mut rig = rig(comparison());
    assert_eq!(rig.run(), Phase::Healthy);
    let judged = &rig.state.judged()[0];
    assert!(
        judged.outcome.detail().contains("worse by less than"),
        "{judged:?}"
    );
}

#[test]
fn the_fleets_figures_are_summed_and_a_worse_candidate_is_given_up_and_marked() {
    let mut rig = rig(comparison());
    for host in 0..3 {
        // Below what a single host is given up for.
        rig.host(host).bad = 2;
        rig.host(host).counted.candidate.requests += 1_000_000;
    }
    rig.run();
    assert!(
        rig.cause()
            .starts_with("analysis judged the candidate worse by errors"),
        "{}",
        rig.cause()
    );
    assert_eq!(rig.state.phase(), Phase::Aborted);
    assert!(rig.log.contains(&"mark cccccccccccc bad".to_owned()));
}

#[test]
fn too_little_traffic_to_tell_is_left_to_a_person() {
    let mut rig = rig(Analysis {
        for_ms: 20_000,
        comparison: Some(ComparisonSettings {
            margin_ppm: 1,
            ..ComparisonSettings::USUAL
        }),
        ..comparison()
    });
    rig.seconds(25);
    assert_eq!(rig.state.phase(), Phase::Paused);
    let waiting = rig.state.waiting().unwrap();
    assert!(
        matches!(&waiting.what, WaitFor::Inconclusive { detail } if detail.contains("not enough data"))
    );
    rig.tell(Event::Promote {
        by: "ada".into(),
        why: None,
        extent: Extent::Next,
    });
    assert_eq!(rig.run(), Phase::Healthy);
}

#[test]
fn a_metric_is_measured_as_often_as_it_is_to_be() {
    let mut rig = rig(metric());
    rig.errands.extend([0.01, 0.02, 0.03].map(value));
    assert_eq!(rig.run(), Phase::Healthy);
    let measured: Vec<_> = rig
        .log
        .iter()
        .filter(|line| line.starts_with("measure"))
        .collect();
    assert_eq!(measured.len(), 3);
    assert_eq!(measured[2], "measure metric 0 of analysis 0, round 3");
}

#[test]
fn a_bad_metric_is_acted_on_at_once() {
    let mut rig = rig(metric());
    rig.errands.extend([value(0.01), value(0.3)]);
    assert_eq!(rig.run(), Phase::Aborted);
    assert!(rig.cause().contains("by error-rate"), "{}", rig.cause());
}

#[test]
fn a_source_that_keeps_failing_is_left_to_a_person() {
    let mut analysis = metric();
    analysis.metrics[0].threshold.consecutive_error_limit = 1;
    let mut rig = rig(analysis);
    let refused = || Reply::Refused {
        detail: "connection refused".into(),
    };
    rig.errands.extend([refused(), refused(), refused()]);
    rig.seconds(130);
    let waiting = rig.state.waiting().unwrap();
    assert!(
        matches!(&waiting.what, WaitFor::Inconclusive { detail } if detail.contains("connection refused"))
    );
    rig.replays();
}

#[test]
fn after_the_switch_the_candidate_is_compared_with_stable_before_it() {
    let strategy = Strategy::BlueGreen(BlueGreen {
        post_promotion: Some(comparison()),
        ..BlueGreen::PLAIN
    });
    let mut rig = Rig::begun(plan(&deploy(strategy), 3));
    assert_eq!(rig.run(), Phase::Healthy);
    let judged = &rig.state.judged()[0];
    assert!(
        judged.outcome.detail().contains("before the switch"),
        "{judged:?}"
    );
}

#[test]
fn each_host_is_journaled_once_an_interval_and_no_more() {
    let mut rig = rig(comparison());
    rig.seconds(5);
    let before = rig.state.revision();
    rig.seconds(100);
    // Ten intervals: three hosts and one look each.
    let told = rig.state.revision() - before;
    assert!((30..=42).contains(&told), "{told}");
}

#[test]
fn one_comparison_goes_on_through_all_analyses_of_a_canary() {
    let short = Analysis {
        for_ms: 10_000,
        ..comparison()
    };
    let steps = vec![
        CanaryStep::SetWeight(50),
        CanaryStep::Analysis(comparison()),
        CanaryStep::SetWeight(60),
        CanaryStep::Analysis(short),
    ];
    let mut rig = Rig::begun(plan(&deploy(canary(steps)), 1));
    // Alone, the second one would have seen too little to tell.
    assert_eq!(rig.run(), Phase::Healthy, "{:?}", rig.state.waiting());
    assert_eq!(rig.state.judged().len(), 2);
}

#[test]
fn who_was_judged_by_testers_traffic_alone_is_not_marked() {
    let mut request = deploy(Strategy::BlueGreen(BlueGreen {
        pre_promotion: Some(metric()),
        ..BlueGreen::PLAIN
    }));
    request.preview = true;
    let mut rig = Rig::begun(plan(&request, 2));
    rig.errands.extend([value(0.3)]);
    assert_eq!(rig.run(), Phase::Aborted);
    assert!(rig.cause().contains("by error-rate"), "{}", rig.cause());
    assert!(!rig.log.iter().any(|line| line.starts_with("mark")));
}

#[test]
fn a_plan_tells_that_there_is_nothing_to_compare_before_the_traffic() {
    let warned = |analysis: Analysis| {
        let strategy = Strategy::BlueGreen(BlueGreen {
            pre_promotion: Some(analysis),
            ..BlueGreen::PLAIN
        });
        let warnings = plan(&deploy(strategy), 1).warnings;
        warnings.iter().find_map(|warning| match warning {
            Warning::NothingToCompare { metrics } => Some(*metrics),
            _ => None,
        })
    };
    assert_eq!(warned(comparison()), Some(false));
    assert_eq!(warned(metric()), None);
    let both = Analysis {
        metrics: metric().metrics,
        ..comparison()
    };
    assert_eq!(warned(both), Some(true));
}

#[test]
fn a_first_version_is_judged_by_thresholds_alone() {
    let mut analysis = metric();
    analysis.comparison = Some(ComparisonSettings::USUAL);
    let beside = Source::Prometheus {
        query: "up{a='{{artifact}}'} / up{a='{{stable_artifact}}'}".into(),
    };
    let beside = Metric {
        name: "beside".into(),
        source: beside,
        ..analysis.metrics[0].clone()
    };
    analysis.metrics.push(beside);
    let steps = vec![CanaryStep::SetWeight(50), CanaryStep::Analysis(analysis)];
    let request = deploy(canary(steps));
    let first = rollout::compute(&request, &[empty("h0")], &[], None).unwrap();
    let judged = &first.analyses[0];
    let names: Vec<&str> = judged.metrics.iter().map(|it| it.name.as_str()).collect();
    assert_eq!((judged.comparison, names), (None, vec!["error-rate"]));
    assert_eq!(plan(&request, 1).analyses[0].metrics.len(), 2);
}
