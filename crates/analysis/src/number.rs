//! Floating point that can be compared, kept in a plan and written down.

use std::fmt;
use std::str::FromStr;

/// A 64-bit floating point number that is equal to itself, kept as its bits.
///
/// What it prints reads back as the same bits. All not-a-numbers are one, and zero has no sign.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number(u64);

/// A text is no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no number; write it like 0.05, 1e-3 or +Inf")]
pub struct NumberError(String);

impl Number {
    /// Keeps a value.
    pub const fn new(value: f64) -> Self {
        if value.is_nan() {
            Self(f64::NAN.to_bits())
        } else if value == 0.0 {
            Self(0)
        } else {
            Self(value.to_bits())
        }
    }

    /// Returns the value.
    pub const fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self::new(value)
    }
}

impl FromStr for Number {
    type Err = NumberError;

    /// Reads a number as Prometheus writes it: `0.05`, `1e-3`, `+Inf`, `NaN`.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let text = text.trim();
        text.parse()
            .map(Self::new)
            .map_err(|_| NumberError(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.get())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_prints_reads_back_as_the_same_number() {
        for value in [
            0.0,
            -0.0,
            0.1,
            1e-300,
            f64::MAX,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ] {
            let number = Number::new(value);
            assert_eq!(number.to_string().parse(), Ok(number));
        }
        assert_eq!("NaN".parse(), Ok(Number::new(-f64::NAN)));
        assert_eq!(" +Inf".parse(), Ok(Number::new(f64::INFINITY)));
        assert!("5 %".parse::<Number>().is_err());
        assert!("".parse::<Number>().is_err());
    }
}
