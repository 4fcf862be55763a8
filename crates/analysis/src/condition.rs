//! Conditions on a metric's value.

use std::fmt;
use std::str::FromStr;

use crate::number::{Number, NumberError};

/// What a value must be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// `< x`
    Below(Number),
    /// `<= x`
    AtMost(Number),
    /// `> x`
    Above(Number),
    /// `>= x`
    AtLeast(Number),
    /// `x..y`, both ends included.
    Within(Number, Number),
}

/// Why a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// It begins with no operator and is no range.
    #[error("`{0}` is no condition; write `< 0.05`, `<= 0.05`, `> 0.95`, `>= 0.95` or `0.2..0.8`")]
    Form(String),
    /// What it compares with is no number.
    #[error("in the condition `{condition}`: {source}")]
    Number {
        /// The condition.
        condition: String,
        /// What is wrong with the number.
        source: NumberError,
    },
    /// Nothing can fulfil it.
    #[error("no value fulfils the condition `{0}`")]
    Impossible(String),
}

impl Condition {
    /// Says whether a value fulfils it. What is not a number fulfils none.
    pub fn holds(&self, value: Number) -> bool {
        let value = value.get();
        match self {
            Self::Below(x) => value < x.get(),
            Self::AtMost(x) => value <= x.get(),
            Self::Above(x) => value > x.get(),
            Self::AtLeast(x) => value >= x.get(),
            Self::Within(from, to) => value >= from.get() && value <= to.get(),
        }
    }
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let text = text.trim();
        let shown = || text.chars().take(60).collect::<String>();
        let number = |part: &str| {
            let number: Number = part.parse().map_err(|source| ConditionError::Number {
                condition: shown(),
                source,
            })?;
            if number.get().is_nan() {
                return Err(ConditionError::Impossible(shown()));
            }
            Ok(number)
        };
        if let Some(rest) = text.strip_prefix("<=") {
            number(rest).map(Self::AtMost)
        } else if let Some(rest) = text.strip_prefix('<') {
            number(rest).map(Self::Below)
        } else if let Some(rest) = text.strip_prefix(">=") {
            number(rest).map(Self::AtLeast)
        } else if let Some(rest) = text.strip_prefix('>') {
            number(rest).map(Self::Above)
        } else if let Some((from, to)) = text.split_once("..") {
            let (from, to) = (number(from)?, number(to)?);
            if from.get() > to.get() {
                return Err(ConditionError::Impossible(shown()));
            }
            Ok(Self::Within(from, to))
        } else {
            Err(ConditionError::Form(shown()))
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below(x) => write!(f, "< {x}"),
            Self::AtMost(x) => write!(f, "<= {x}"),
            Self::Above(x) => write!(f, "> {x}"),
            Self::AtLeast(x) => write!(f, ">= {x}"),
            Self::Within(from, to) => write!(f, "{from}..{to}"),
        }
    }
}

/// When a measurement is good, and when it is bad. As Argo's `successCondition` and `failureCondition`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criteria {
    /// Good when it holds, else bad.
    Success(Condition),
    /// Bad when it holds, else good.
    Failure(Condition),
    /// Bad when `failure` holds, else good when `success` holds, else neither: inconclusive.
    Both {
        /// When it is good.
        success: Condition,
        /// When it is bad.
        failure: Condition,
    },
}

impl fmt::Display for Criteria {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success(success) => write!(f, "wanted {success}"),
            Self::Failure(failure) => write!(f, "bad is {failure}"),
            Self::Both { success, failure } => write!(f, "wanted {success}, bad is {failure}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_hold_at_their_edges_as_written_and_read_back() {
        let check = |text: &str, fulfilled: &[f64], not: &[f64]| {
            let condition: Condition = text.parse().unwrap();
            assert_eq!(condition.to_string().parse(), Ok(condition));
            for value in fulfilled {
                assert!(condition.holds(Number::new(*value)), "{value} {text}");
            }
            for value in not {
                assert!(!condition.holds(Number::new(*value)), "{value} {text}");
            }
        };
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        check("< 0.05", &[0.049, -inf], &[0.05, inf, nan]);
        check("<=0.05", &[0.05], &[0.051, nan]);
        check(" > 0.95 ", &[0.951, inf], &[0.95, nan]);
        check(">= 0.95", &[0.95], &[0.949, nan]);
        check("0.2..0.8", &[0.2, 0.5, 0.8], &[0.19, 0.81, nan]);
        check("-1 .. +Inf", &[-1.0, inf], &[-1.1, nan]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_what_is_read_prints_back(
            text in ".*|[<>=]{0,2} ?[0-9.e-]{0,8}(\\.\\.)?[0-9.e-]{0,8}",
        ) {
            if let Ok(condition) = text.parse::<Condition>() {
                assert_eq!(condition.to_string().parse(), Ok(condition));
                assert!(!condition.holds(Number::new(f64::NAN)));
            }
        }
    }

    #[test]
    fn what_is_no_condition_is_refused_with_its_text() {
        let check = |text: &str, expected: &str| {
            let error = text.parse::<Condition>().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("0.05", "`0.05` is no condition");
        check("< five", "in the condition `< five`: `five` is no number");
        check("< NaN", "no value fulfils the condition `< NaN`");
        check("2..1", "no value fulfils");
        check("", "`` is no condition");
    }
}
