//! Strategies with random settings.

use analysis::{ComparisonSettings, Condition, Criteria, Number, ThresholdSettings};
use rollout::{
    Analysis, Background, BlueGreen, Canary, CanaryStep, HostCount, Hot, Job, JobRun, Metric,
    Pause, Rolling, Source, Stickiness, Strategy, Surge,
};

use crate::chance::Chance;

pub(super) fn word(strategy: &Strategy) -> &'static str {
    match strategy {
        Strategy::Hot(_) => "hot",
        Strategy::Rolling(Rolling {
            surge: Surge::Beside,
            ..
        }) => "rolling_beside",
        Strategy::Rolling(_) => "rolling_instead",
        Strategy::Canary(_) => "canary",
        Strategy::BlueGreen(_) => "blue_green",
        Strategy::Auto { .. } => "auto",
    }
}

/// Background work that is told apart by its last word.
pub(super) fn background() -> Background {
    let job = |word: &str| {
        Some(Job {
            run: JobRun::Rpc {
                expression: word.into(),
            },
            timeout_ms: 2_000,
        })
    };
    Background {
        activate: job("activate"),
        quiesce: job("quiesce"),
    }
}

/// Draws a strategy; large fleets go in large batches, so that they end.
pub(super) fn draw(chance: &mut Chance, hosts: u32) -> Strategy {
    match chance.range(0, 9) {
        0 => Strategy::Hot(hot(chance, hosts)),
        1..=2 => Strategy::Rolling(rolling(chance, hosts)),
        3..=5 => Strategy::Canary(canary(chance)),
        6..=7 => Strategy::BlueGreen(blue_green(chance)),
        _ => Strategy::Auto {
            hot: hot(chance, hosts),
            fallback: Box::new(match chance.range(0, 2) {
                0 => Strategy::Rolling(rolling(chance, hosts)),
                1 => Strategy::Canary(canary(chance)),
                _ => Strategy::BlueGreen(blue_green(chance)),
            }),
        },
    }
}

fn hot(chance: &mut Chance, hosts: u32) -> Hot {
    Hot {
        max_parallel: parallel(chance, hosts),
        watch_ms: chance.range(0, 2_000),
    }
}

fn rolling(chance: &mut Chance, hosts: u32) -> Rolling {
    Rolling {
        max_parallel: parallel(chance, hosts),
        surge: if hosts > 1 && chance.happens(350) {
            Surge::Instead {
                lb_notice_ms: chance.range(100, 1_500),
            }
        } else {
            Surge::Beside
        },
    }
}

fn parallel(chance: &mut Chance, hosts: u32) -> HostCount {
    if hosts > 12 {
        return HostCount::Percent(chance.range(25, 50) as u8);
    }
    if chance.happens(500) {
        HostCount::Hosts(chance.range(1, 3) as u32)
    } else {
        HostCount::Percent(chance.range(10, 50) as u8)
    }
}

fn canary(chance: &mut Chance) -> Canary {
    let mut steps = Vec::new();
    let mut weight = 0;
    for _ in 0..chance.range(1, 3) {
        weight = chance.range(weight + 1, 60.max(weight + 1)).min(99);
        steps.push(CanaryStep::SetWeight(weight as u8));
        match chance.range(0, 3) {
            0 => steps.push(CanaryStep::Pause {
                for_ms: Some(chance.range(200, 2_000)),
            }),
            1 if chance.happens(500) => steps.push(CanaryStep::Pause { for_ms: None }),
            2 => steps.push(CanaryStep::Analysis(analysis(chance))),
            _ => {}
        }
    }
    if chance.happens(500) {
        steps.push(CanaryStep::SetWeight(100));
    }
    Canary {
        steps,
        stickiness: if chance.happens(500) {
            Stickiness::Cookie
        } else {
            Stickiness::Off
        },
    }
}

fn blue_green(chance: &mut Chance) -> BlueGreen {
    let mut maybe = |permille| chance.happens(permille).then(|| analysis(chance));
    let (pre_promotion, post_promotion) = (maybe(150), maybe(250));
    BlueGreen {
        pre_promotion,
        pause: chance.happens(200).then(|| Pause {
            for_ms: chance.happens(600).then(|| chance.range(200, 2_000)),
        }),
        post_promotion,
    }
}

fn analysis(chance: &mut Chance) -> Analysis {
    let metrics = chance.happens(600);
    let at_least = Condition::AtLeast(Number::new(0.5));
    Analysis {
        for_ms: chance.range(1_000, 4_000),
        interval_ms: chance.range(300, 1_000),
        comparison: (!metrics || chance.happens(400)).then_some(ComparisonSettings::USUAL),
        latency: None,
        metrics: metrics
            .then(|| Metric {
                name: "success".into(),
                source: if chance.happens(500) {
                    Source::Prometheus {
                        query: "success".into(),
                    }
                } else {
                    Source::Webhook {
                        url: "http://127.0.0.1:1/load".into(),
                    }
                },
                threshold: ThresholdSettings {
                    criteria: Criteria::Success(at_least),
                    interval_ms: 500,
                    count: chance.happens(500).then_some(2),
                    failure_limit: 0,
                    inconclusive_limit: 1,
                    consecutive_error_limit: 2,
                },
            })
            .into_iter()
            .collect(),
    }
}
