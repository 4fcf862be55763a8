//! `[analysis.NAME]` and `[prometheus]`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HOUR, MINUTE};
use crate::settings::bounded::Count;
use crate::settings::duration::Time;
use crate::settings::names::{Name, Url};
use crate::settings::place::At;

/// `[analysis.NAME]`: how a candidate is judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Analysis {
    /// How long it looks.
    #[serde(rename = "for")]
    pub(crate) time: Time<1000, { 24 * HOUR }>,
    /// Time between two measurements; a tenth of `for` unless given, at most a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interval: Option<Time<100, { 10 * MINUTE }>>,
    /// Compare the proxies' figures of the new version with those of the old one; on unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compare: Option<bool>,
    /// By how much more of its requests may fail than of the old one's, in thousandths; 10 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) margin_permille: Option<Count<1, 1000>>,
    /// The chance of giving a good version up by mistake, in thousandths; 10 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) false_alarm_permille: Option<Count<1, 500>>,
    /// Also compare the share of answers slower than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slower_than: Option<Time<1, { 10 * MINUTE }>>,
    /// Values from elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) metrics: Vec<Metric>,
}

/// A value from elsewhere that must keep a condition. Exactly one of `prometheus` and `webhook`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
#[schemars(inline)]
pub(crate) struct Metric {
    /// What people call it.
    pub(crate) name: Name,
    /// A PromQL query that gives one value; knows `{{service}}`, `{{environment}}`, `{{artifact}}`,
    /// `{{vsn}}`, `{{stable_artifact}}` and `{{interval}}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prometheus: Option<String>,
    /// A webhook that agrees with 2xx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) webhook: Option<Url>,
    /// What a good value is, such as `< 0.05` or `0.2..0.8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) success: Option<String>,
    /// What a bad value is; any that is not good unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<String>,
    /// Bad measurements that are put up with; none unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure_limit: Option<Count<0, 1000>>,
    /// Measurements that are put up with though they have no data or are neither good nor bad; half of all
    /// unless given, for a new version has no figures at first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) inconclusive_limit: Option<Count<0, 1000>>,
}

/// `[prometheus]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct PrometheusSection {
    /// Where it is, such as `http://localhost:9090`.
    pub(crate) url: Option<At<Url>>,
    /// A file with a bearer token; relative to this file.
    pub(crate) token_file: Option<At<PathBuf>>,
    /// Time for one query.
    pub(crate) timeout: Option<At<Time<100, MINUTE>>>,
}
