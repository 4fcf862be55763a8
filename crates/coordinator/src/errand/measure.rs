//! One measurement of a metric.

use std::time::Duration;

use analysis::{Measurement, Number};
use gates::{Auth, Prometheus};
use rollout::{Reply, Source};

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
        (Source::Prometheus { query }, Some(server)) => match client(server) {
            Ok(prometheus) => prometheus.measure(query).await,
            Err(why) => Measurement::Error(why),
        },
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
