//! Judges a candidate.
//!
//! Three judges, each fed one interval or one measurement at a time, each with an [`Outcome`] at any time:
//!
//! - [`Comparison`]: are more of the candidate's requests bad than of stable's in the same time?
//! - [`LatencyComparison`]: the same of slow requests.
//! - [`Threshold`]: does a metric's value keep within limits? With the outcomes of Argo Rollouts.
//!
//! ```text
//! intervals ──▶ see(stable, candidate) ──▶ evidence ──▶ outcome(look)
//! ```
//!
//! Invariant: a comparison may be looked at after every interval, and may be ended by what was seen, and
//! still calls a candidate that is no worse than stable worse no more often than it was told to.
//! `docs/analysis.md` says how, and shows it by simulation.
//!
//! Invariant: the same inputs give the same state on every machine, to the bit. Decisions are replayed
//! from a journal elsewhere. So logarithms come from `libm`, never from the platform.
#![warn(missing_docs)]

mod comparison;
mod condition;
mod counts;
mod excess;
mod good;
mod information;
mod latency;
mod number;
mod outcome;
mod settings;
mod template;
mod threshold;
mod worse;

pub use comparison::Comparison;
pub use condition::{Condition, ConditionError, Criteria};
pub use counts::Counts;
pub use latency::{LatencyBound, LatencyComparison, LatencySettings, slower_than};
pub use number::{Number, NumberError};
pub use outcome::{Look, Outcome};
pub use settings::{ComparisonSettings, SettingsError};
pub use template::{QueryTemplate, TemplateError, Variables};
pub use threshold::{Measurement, Threshold, ThresholdSettings};
