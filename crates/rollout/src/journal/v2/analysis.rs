//! The wire twins of analyses. Numbers are written as text, which keeps every bit of them.

use serde::{Deserialize, Serialize};

use super::twin::{Twin, choice, record};
use crate::journal::ReadError;

record!(
    /// See [`crate::Analysis`].
    Analysis = crate::Analysis {
        for_ms: u64,
        interval_ms: u64,
        comparison: Option<ComparisonSettings>,
        latency: Option<LatencySettings>,
        metrics: Vec<Metric>,
    }
);
record!(
    /// See [`analysis::ComparisonSettings`].
    ComparisonSettings = analysis::ComparisonSettings {
        false_alarms_permille: u32,
        misses_permille: u32,
        margin_ppm: u32,
        together_max: u32,
        intervals_min: u32,
    }
);
record!(
    /// See [`analysis::LatencySettings`].
    LatencySettings = analysis::LatencySettings {
        bound: LatencyBound,
        comparison: ComparisonSettings,
    }
);
record!(
    /// See [`crate::Metric`].
    Metric = crate::Metric {
        name: String,
        source: Source,
        threshold: ThresholdSettings,
    }
);
choice!(
    /// See [`crate::Source`].
    Source = crate::Source {
        Prometheus { query: String },
        Webhook { url: String },
    }
);
record!(
    /// See [`analysis::ThresholdSettings`].
    ThresholdSettings = analysis::ThresholdSettings {
        criteria: Criteria,
        interval_ms: u64,
        count: Option<u32>,
        failure_limit: u32,
        inconclusive_limit: u32,
        consecutive_error_limit: u32,
    }
);

/// See [`analysis::LatencyBound`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's")]
pub enum LatencyBound {
    Us(u64),
    StableQuantilePermille(u32),
}

impl Twin for LatencyBound {
    type Domain = analysis::LatencyBound;

    fn write(it: &analysis::LatencyBound) -> Self {
        match *it {
            analysis::LatencyBound::Us(us) => Self::Us(us),
            analysis::LatencyBound::StableQuantile { permille } => {
                Self::StableQuantilePermille(permille)
            }
        }
    }

    fn read(self) -> Result<analysis::LatencyBound, ReadError> {
        Ok(match self {
            Self::Us(us) => analysis::LatencyBound::Us(us),
            Self::StableQuantilePermille(permille) => {
                analysis::LatencyBound::StableQuantile { permille }
            }
        })
    }
}

/// See [`analysis::Criteria`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as the domain's")]
pub struct Criteria {
    pub success: Option<Condition>,
    pub failure: Option<Condition>,
}

impl Twin for Criteria {
    type Domain = analysis::Criteria;

    fn write(it: &analysis::Criteria) -> Self {
        let (success, failure) = match it {
            analysis::Criteria::Success(success) => (Some(success), None),
            analysis::Criteria::Failure(failure) => (None, Some(failure)),
            analysis::Criteria::Both { success, failure } => (Some(success), Some(failure)),
        };
        Self {
            success: success.map(Condition::write),
            failure: failure.map(Condition::write),
        }
    }

    fn read(self) -> Result<analysis::Criteria, ReadError> {
        match (self.success.read()?, self.failure.read()?) {
            (Some(success), None) => Ok(analysis::Criteria::Success(success)),
            (None, Some(failure)) => Ok(analysis::Criteria::Failure(failure)),
            (Some(success), Some(failure)) => Ok(analysis::Criteria::Both { success, failure }),
            (None, None) => Err(ReadError::Invalid {
                what: "a metric".into(),
                why: "it has neither a condition of success nor one of failure".into(),
            }),
        }
    }
}

/// See [`analysis::Condition`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's")]
pub enum Condition {
    Below(Number),
    AtMost(Number),
    Above(Number),
    AtLeast(Number),
    Within(Number, Number),
}

impl Twin for Condition {
    type Domain = analysis::Condition;

    fn write(it: &analysis::Condition) -> Self {
        match it {
            analysis::Condition::Below(x) => Self::Below(Number::write(x)),
            analysis::Condition::AtMost(x) => Self::AtMost(Number::write(x)),
            analysis::Condition::Above(x) => Self::Above(Number::write(x)),
            analysis::Condition::AtLeast(x) => Self::AtLeast(Number::write(x)),
            analysis::Condition::Within(x, y) => Self::Within(Number::write(x), Number::write(y)),
        }
    }

    fn read(self) -> Result<analysis::Condition, ReadError> {
        Ok(match self {
            Self::Below(x) => analysis::Condition::Below(x.read()?),
            Self::AtMost(x) => analysis::Condition::AtMost(x.read()?),
            Self::Above(x) => analysis::Condition::Above(x.read()?),
            Self::AtLeast(x) => analysis::Condition::AtLeast(x.read()?),
            Self::Within(x, y) => analysis::Condition::Within(x.read()?, y.read()?),
        })
    }
}

/// See [`analysis::Number`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(pub String);

impl Twin for Number {
    type Domain = analysis::Number;

    fn write(it: &analysis::Number) -> Self {
        Self(it.to_string())
    }

    fn read(self) -> Result<analysis::Number, ReadError> {
        self.0
            .parse()
            .map_err(|e: analysis::NumberError| ReadError::Invalid {
                what: "a number".into(),
                why: e.to_string(),
            })
    }
}
