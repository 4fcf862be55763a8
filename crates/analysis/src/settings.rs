//! What a comparison is told.

/// How a candidate is compared with stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComparisonSettings {
    /// In how many of 1000 rollouts a candidate that is no worse than stable may be called worse, over the
    /// whole of a comparison and however often it is looked at. 1 to 500.
    pub false_alarms_permille: u32,
    /// In how many of 1000 rollouts a candidate that is worse by more than the margin may be called good
    /// enough, likewise. 1 to 500.
    pub misses_permille: u32,
    /// How much more of the candidate's requests than of stable's may be bad, in parts per million of all
    /// its requests. 1 to 900,000.
    ///
    /// Both outcomes use it: a candidate fails that is shown to be worse, and seen to be worse by more
    /// than this; it is good enough when it is shown to be worse by no more than this.
    pub margin_ppm: u32,
    /// How many bad requests may be one and the same event, such as a client that stays with its version
    /// and asks again. 1 to 1000; 1 means that each is an event of its own.
    ///
    /// The evidence is divided by this. That holds the rate of false alarms where no more than so many
    /// come together, and takes so many times the requests.
    pub together_max: u32,
    /// How many intervals must speak before anything is decided, so that one burst is not enough. 1 to
    /// 1000.
    pub intervals_min: u32,
}

impl ComparisonSettings {
    /// For bad answers: one false alarm in 100 rollouts, one point more of bad requests.
    pub const USUAL: Self = Self {
        false_alarms_permille: 10,
        misses_permille: 50,
        margin_ppm: 10_000,
        together_max: 1,
        intervals_min: 2,
    };

    /// For slow requests, which come in larger clusters: five points more of them.
    pub const USUAL_LATENCY: Self = Self {
        margin_ppm: 50_000,
        together_max: 2,
        ..Self::USUAL
    };

    /// Checks every field.
    ///
    /// # Errors
    /// Names the first field that is out of its range.
    pub fn check(&self) -> Result<(), SettingsError> {
        let fields = [
            ("false_alarms_permille", self.false_alarms_permille, 500),
            ("misses_permille", self.misses_permille, 500),
            ("margin_ppm", self.margin_ppm, 900_000),
            ("together_max", self.together_max, 1000),
            ("intervals_min", self.intervals_min, 1000),
        ];
        for (field, value, max) in fields {
            if !(1..=max).contains(&value) {
                return Err(SettingsError::Range { field, value, max });
            }
        }
        Ok(())
    }

    /// Brings every field into its range.
    pub(crate) fn clamped(self) -> Self {
        Self {
            false_alarms_permille: self.false_alarms_permille.clamp(1, 500),
            misses_permille: self.misses_permille.clamp(1, 500),
            margin_ppm: self.margin_ppm.clamp(1, 900_000),
            together_max: self.together_max.clamp(1, 1000),
            intervals_min: self.intervals_min.clamp(1, 1000),
        }
    }

    pub(crate) fn margin(&self) -> f64 {
        f64::from(self.margin_ppm) / 1e6
    }

    pub(crate) fn together(&self) -> f64 {
        f64::from(self.together_max)
    }

    /// Returns the natural logarithm of the odds at which a candidate is called worse.
    pub(crate) fn alarm_at(&self) -> f64 {
        libm::log(1000.0 / f64::from(self.false_alarms_permille))
    }

    /// Returns the natural logarithm of the odds at which a candidate is called good enough.
    pub(crate) fn good_at(&self) -> f64 {
        libm::log(1000.0 / f64::from(self.misses_permille))
    }
}

/// Why settings are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A number is out of its range.
    #[error("`{field}` is {value}; it must be between 1 and {max}")]
    Range {
        /// The field.
        field: &'static str,
        /// Its value.
        value: u32,
        /// The largest that is allowed.
        max: u32,
    },
    /// A quantile that is none.
    #[error("`quantile_permille` is {0}; it must be between 500 and 999")]
    Quantile(u32),
    /// A bound of 0.
    #[error("`bound_us` is 0; no request is that fast")]
    Bound,
    /// A threshold that is never measured again.
    #[error("`interval_ms` is 0; a metric is asked for every so often")]
    Interval,
    /// A threshold without a measurement.
    #[error("`count` is 0; at least one measurement is needed to succeed")]
    Count,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_out_of_its_range_is_named_and_clamping_brings_it_in() {
        assert_eq!(ComparisonSettings::USUAL.check(), Ok(()));
        assert_eq!(ComparisonSettings::USUAL_LATENCY.check(), Ok(()));
        let wrong = ComparisonSettings {
            margin_ppm: 900_001,
            together_max: 0,
            ..ComparisonSettings::USUAL
        };
        assert_eq!(
            wrong.check().unwrap_err().to_string(),
            "`margin_ppm` is 900001; it must be between 1 and 900000"
        );
        assert_eq!(wrong.clamped().check(), Ok(()));
        let usual = ComparisonSettings::USUAL;
        assert_eq!(usual.clamped(), usual);
    }
}
