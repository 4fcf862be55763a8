//! A metric's value within limits, measured again and again.
//!
//! The counting is that of Argo Rollouts (`assessMetricStatus` in its `analysis/analysis.go`), with two
//! differences, both on the side of asking a person: a metric of which nothing good was ever measured does
//! not succeed, not even where all that was asked for was measured or the run ends, and a source that keeps
//! failing is inconclusive.

use crate::condition::Criteria;
use crate::number::Number;
use crate::outcome::{Look, Outcome};
use crate::settings::SettingsError;

/// How a metric is measured and judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThresholdSettings {
    /// What a good value is, and what a bad one.
    pub criteria: Criteria,
    /// From one measurement to the next, in milliseconds.
    pub interval_ms: u64,
    /// How many measurements it takes; those whose source failed do not count. Without a number it is
    /// measured until the end, and needs one good measurement.
    pub count: Option<u32>,
    /// How many measurements may be bad; with one more it fails.
    pub failure_limit: u32,
    /// How many measurements may be neither good nor bad, or have no data; with one more it is
    /// inconclusive.
    pub inconclusive_limit: u32,
    /// How often in a row the source may fail; with one more it is inconclusive.
    pub consecutive_error_limit: u32,
}

impl ThresholdSettings {
    /// Argo's own numbers, measured once a minute, five times.
    pub const fn usual(criteria: Criteria) -> Self {
        Self {
            criteria,
            interval_ms: 60_000,
            count: Some(5),
            failure_limit: 0,
            inconclusive_limit: 0,
            consecutive_error_limit: 4,
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// Names the first field that is out of its range.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.interval_ms == 0 {
            return Err(SettingsError::Interval);
        }
        if self.count == Some(0) {
            return Err(SettingsError::Count);
        }
        Ok(())
    }
}

/// What a source answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measurement {
    /// A value; not-a-number is the same as no data.
    Value(Number),
    /// The source knows no value: no such series, or no traffic.
    NoData,
    /// The source failed: unreachable, refused, a bad query.
    Error(String),
}

/// Judges a metric by its measurements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threshold {
    settings: ThresholdSettings,
    good: u32,
    bad: u32,
    neither: u32,
    errors_in_a_row: u32,
    last: Option<Measurement>,
    /// Set with the measurement that decided; later ones change nothing.
    decided: Option<Outcome>,
}

/// How one measurement is judged.
enum Judged {
    Good,
    Bad,
    Neither,
}

impl Threshold {
    /// Begins with no measurement.
    pub fn new(settings: ThresholdSettings) -> Self {
        Self {
            settings,
            good: 0,
            bad: 0,
            neither: 0,
            errors_in_a_row: 0,
            last: None,
            decided: None,
        }
    }

    /// Takes one measurement.
    pub fn see(&mut self, measurement: Measurement) {
        if self.decided.is_some() {
            return;
        }
        let judged = match &measurement {
            Measurement::Error(_) => None,
            Measurement::NoData => Some(Judged::Neither),
            Measurement::Value(value) => Some(judge(self.settings.criteria, *value)),
        };
        let counter = match judged {
            None => &mut self.errors_in_a_row,
            Some(Judged::Good) => &mut self.good,
            Some(Judged::Bad) => &mut self.bad,
            Some(Judged::Neither) => &mut self.neither,
        };
        *counter = counter.saturating_add(1);
        if judged.is_some() {
            self.errors_in_a_row = 0;
        }
        self.last = Some(measurement);
        self.decided = self.decide();
    }

    /// Says what is known.
    pub fn outcome(&self, look: Look) -> Outcome {
        if let Some(decided) = &self.decided {
            return decided.clone();
        }
        match look {
            Look::Midway => Outcome::Running {
                detail: self.so_far(),
            },
            Look::Last if self.good > 0 && self.settings.count.is_none() => Outcome::Successful {
                detail: self.so_far(),
            },
            Look::Last => Outcome::Inconclusive {
                detail: format!("not enough measurements: {}", self.so_far()),
            },
        }
    }

    fn decide(&self) -> Option<Outcome> {
        let settings = &self.settings;
        let detail = self.so_far();
        if self.bad > settings.failure_limit {
            return Some(Outcome::Failed { detail });
        }
        if self.neither > settings.inconclusive_limit
            || self.errors_in_a_row > settings.consecutive_error_limit
        {
            return Some(Outcome::Inconclusive { detail });
        }
        let measured = self
            .good
            .saturating_add(self.bad)
            .saturating_add(self.neither);
        if measured < settings.count? {
            return None;
        }
        Some(if self.good > 0 {
            Outcome::Successful { detail }
        } else {
            Outcome::Inconclusive {
                detail: format!("no measurement was good: {detail}"),
            }
        })
    }

    fn so_far(&self) -> String {
        let last = match &self.last {
            None => return "nothing was measured".to_owned(),
            Some(Measurement::Value(value)) => format!("the last value was {value}"),
            Some(Measurement::NoData) => "the last time there was no data".to_owned(),
            Some(Measurement::Error(error)) => format!("the source failed: {error}"),
        };
        let of = match self.settings.count {
            Some(count) => format!(" of {count}"),
            None => String::new(),
        };
        format!(
            "{}{of} measured: {} good, {} bad, {} neither; {last}, {}",
            u64::from(self.good) + u64::from(self.bad) + u64::from(self.neither),
            self.good,
            self.bad,
            self.neither,
            self.settings.criteria
        )
    }
}

fn judge(criteria: Criteria, value: Number) -> Judged {
    if value.get().is_nan() {
        return Judged::Neither;
    }
    match criteria {
        Criteria::Success(success) if success.holds(value) => Judged::Good,
        Criteria::Success(_) => Judged::Bad,
        Criteria::Failure(failure) | Criteria::Both { failure, .. } if failure.holds(value) => {
            Judged::Bad
        }
        Criteria::Failure(_) => Judged::Good,
        Criteria::Both { success, .. } if success.holds(value) => Judged::Good,
        Criteria::Both { .. } => Judged::Neither,
    }
}

#[cfg(test)]
mod tests;
