//! One measurement of a metric.

use std::time::Duration;

use analysis::{Measurement, Number, QueryTemplate, Variables};
use gates::{Auth, Prometheus};
use rollout::{Plan, Reply, Source};

use super::{refused, webhook};
use crate::interpret::{Attempt, Means, Moment};
use crate::request::PrometheusServer;

/// Measures a metric of an analysis. A source that fails is an answer too.
pub(super) async fn measure(means: &Means, moment: &Moment, analysis: u32, metric: u32) -> Attempt {
    let found = means
        .plan
        .analyses
        .get(analysis as usize)
        .and_then(|analysis| analysis.metrics.get(metric as usize));
    let Some(metric) = found else {
        return refused(format!(
            "the plan has no metric {metric} in analysis {analysis}"
        ));
    };
    let measured = match (&metric.source, &means.settings.prometheus) {
        (Source::Prometheus { query }, Some(server)) => {
            let interval_ms = metric.threshold.interval_ms;
            match (client(server), filled(&means.plan, query, interval_ms)) {
                (Ok(prometheus), Ok(query)) => prometheus.measure(&query).await,
                (Err(why), _) | (_, Err(why)) => Measurement::Error(why),
            }
        }
        (Source::Prometheus { .. }, None) => {
            Measurement::Error("no Prometheus is configured".into())
        }
        (Source::Webhook { url }, _) => {
            match webhook::agrees(means, moment, &metric.name, url).await {
                Ok(agrees) => Measurement::Value(if agrees {
                    Number::new(1.0)
                } else {
                    Number::new(0.0)
                }),
                Err(why) => Measurement::Error(why),
            }
        }
    };
    Attempt::Reply(Reply::Measured(measured))
}

/// Fills in what a query asks of this rollout.
fn filled(plan: &Plan, query: &str, interval_ms: u64) -> Result<String, String> {
    let template = QueryTemplate::parse(query).map_err(|error| error.to_string())?;
    let (service, environment) = plan
        .service
        .as_str()
        .split_once('.')
        .unwrap_or((plan.service.as_str(), ""));
    let stable = plan.stable.as_ref();
    let variables = Variables {
        service,
        environment,
        artifact: plan.candidate.artifact.as_str(),
        vsn: &plan.candidate.vsn,
        stable_artifact: stable.map(|stable| stable.artifact.as_str()),
        interval_ms,
    };
    template.fill(&variables).map_err(|error| error.to_string())
}

fn client(server: &PrometheusServer) -> Result<Prometheus, String> {
    let auth = match &server.token_file {
        None => Auth::NONE,
        Some(path) => {
            let token = std::fs::read_to_string(path)
                .map_err(|error| format!("cannot read the token in {}: {error}", path.display()))?;
            Auth::bearer(token.trim()).map_err(|error| error.to_string())?
        }
    };
    let time = Duration::from_millis(server.timeout_ms.max(1));
    Prometheus::new(&server.url, auth, time).map_err(|error| error.to_string())
}
