//! `[analysis.NAME]`.

use std::time::Duration;

use analysis::{
    ComparisonSettings, Condition, Criteria, LatencyBound, LatencySettings, ThresholdSettings,
};
use rollout::Source;

use super::layers::Resolver;
use super::strategy::Analyses;
use crate::settings::error::SettingsError;
use crate::settings::file::{Analysis, Metric};
use crate::settings::names::Name;
use crate::settings::place::{At, Place};
use crate::settings::resolved::Hooks;

/// The longest time between two measurements, unless given.
const INTERVAL_MAX_MS: u64 = 60_000;
/// Metrics of an analysis at most.
const METRICS_MAX: usize = 50;

impl Resolver<'_> {
    /// Every analysis; each also asks the webhooks that are asked during analyses.
    pub(super) fn analyses(&mut self, hooks: &Hooks) -> Result<Analyses, SettingsError> {
        let mut merged = std::collections::BTreeMap::new();
        for layer in self.layers.iter().rev() {
            merged.extend(layer.analysis.clone().unwrap_or_default());
        }
        let mut analyses = Analyses::new();
        for (name, At { value, place }) in merged {
            let key = format!("analysis.{name}");
            let origin = self.origin(place);
            self.row(&key, &value, origin);
            let analysis = self.analysis(&name, &value, place, hooks)?;
            analyses.insert(name, analysis);
        }
        Ok(analyses)
    }

    fn analysis(
        &self,
        name: &Name,
        given: &Analysis,
        place: Place,
        hooks: &Hooks,
    ) -> Result<rollout::Analysis, SettingsError> {
        let key = format!("analysis.{name}");
        let wrong = |message: String, hint: Option<&str>| {
            self.wrong(place, &key, message, hint.map(str::to_owned))
        };
        let for_ms = millis(given.time.duration());
        let interval_ms = given.interval.map_or_else(
            || (for_ms / 10).clamp(100, INTERVAL_MAX_MS),
            |interval| millis(interval.duration()),
        );
        if interval_ms > for_ms {
            let hint = "make `interval` shorter than `for`";
            return Err(wrong(
                "nothing would ever be measured".to_owned(),
                Some(hint),
            ));
        }
        if given.metrics.len() > METRICS_MAX {
            let message = format!(
                "there are {} metrics, {METRICS_MAX} at most",
                given.metrics.len()
            );
            return Err(wrong(message, None));
        }
        let compares = given.compare.unwrap_or(true);
        let usual = ComparisonSettings::USUAL;
        let comparison = compares.then(|| ComparisonSettings {
            margin_ppm: given
                .margin_permille
                .map_or(usual.margin_ppm, |m| m.get() * 1000),
            false_alarms_permille: given
                .false_alarm_permille
                .map_or(usual.false_alarms_permille, |alarm| alarm.get()),
            ..usual
        });
        if let Some(comparison) = &comparison {
            comparison
                .check()
                .map_err(|error| wrong(error.to_string(), None))?;
        }
        let latency = given.slower_than.map(|time| LatencySettings {
            bound: LatencyBound::Us(millis(time.duration()).saturating_mul(1000)),
            ..LatencySettings::USUAL
        });
        let mut metrics = Vec::new();
        for metric in &given.metrics {
            let metric = of_metric(metric, interval_ms, for_ms);
            metrics.push(metric.map_err(|(message, hint)| wrong(message, hint))?);
        }
        for webhook in &hooks.during_analysis {
            metrics.push(rollout::Metric {
                name: webhook.name.clone(),
                source: Source::Webhook {
                    url: webhook.url.clone(),
                },
                threshold: agrees(interval_ms, for_ms),
            });
        }
        if comparison.is_none() && latency.is_none() && metrics.is_empty() {
            let hint = "take `compare = false` out, or add a metric";
            return Err(wrong("it looks at nothing".to_owned(), Some(hint)));
        }
        Ok(rollout::Analysis {
            for_ms,
            interval_ms,
            comparison,
            latency,
            metrics,
        })
    }
}

/// What is wrong with a metric, and what helps.
type Wrong = (String, Option<&'static str>);

fn of_metric(metric: &Metric, interval_ms: u64, for_ms: u64) -> Result<rollout::Metric, Wrong> {
    let name = &metric.name;
    let condition = |text: &String| -> Result<Condition, Wrong> {
        text.parse()
            .map_err(|error| (format!("{name}: {error}"), None))
    };
    let success = metric.success.as_ref().map(condition).transpose()?;
    let failure = metric.failure.as_ref().map(condition).transpose()?;
    let criteria = match (success, failure) {
        (Some(success), Some(failure)) => Some(Criteria::Both { success, failure }),
        (Some(success), None) => Some(Criteria::Success(success)),
        (None, Some(failure)) => Some(Criteria::Failure(failure)),
        (None, None) => None,
    };
    if let Some(query) = &metric.prometheus {
        analysis::QueryTemplate::parse(query)
            .map_err(|error| (format!("{name}: {error}"), None))?;
    }
    let (source, mut threshold) = match (&metric.prometheus, &metric.webhook, criteria) {
        (Some(query), None, Some(criteria)) => (
            Source::Prometheus {
                query: query.clone(),
            },
            threshold(criteria, interval_ms, for_ms),
        ),
        (Some(_), None, None) => {
            let hint = "write `success = \"< 0.05\"` or `failure = \"> 0.05\"`";
            return Err((
                format!("{name}: nothing says what a good value is"),
                Some(hint),
            ));
        }
        (None, Some(url), None) => (
            Source::Webhook {
                url: url.to_string(),
            },
            agrees(interval_ms, for_ms),
        ),
        (None, Some(_), Some(_)) => {
            let hint = "take `success` and `failure` out";
            return Err((format!("{name}: a webhook agrees or does not"), Some(hint)));
        }
        _ => {
            let message = format!("{name}: it needs one of `prometheus` and `webhook`");
            return Err((message, Some("keep one of them")));
        }
    };
    if let Some(limit) = metric.failure_limit {
        threshold.failure_limit = limit.get();
    }
    if let Some(limit) = metric.inconclusive_limit {
        threshold.inconclusive_limit = limit.get();
    }
    threshold
        .check()
        .map_err(|error| (format!("{name}: {error}"), None))?;
    Ok(rollout::Metric {
        name: name.to_string(),
        source,
        threshold,
    })
}

fn threshold(criteria: Criteria, interval_ms: u64, for_ms: u64) -> ThresholdSettings {
    let count = u32::try_from(for_ms / interval_ms.max(1)).unwrap_or(u32::MAX);
    let count = count.max(1);
    ThresholdSettings {
        interval_ms,
        count: Some(count),
        inconclusive_limit: count / 2,
        ..ThresholdSettings::usual(criteria)
    }
}

/// A webhook's answer is 1 where it agrees.
fn agrees(interval_ms: u64, for_ms: u64) -> ThresholdSettings {
    let yes = Criteria::Success(Condition::AtLeast(analysis::Number::new(1.0)));
    threshold(yes, interval_ms, for_ms)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
