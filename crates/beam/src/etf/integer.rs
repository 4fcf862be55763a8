//! Integers of more than 64 bits.

use std::fmt;

use super::Term;

/// An integer outside the range of [`i64`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BigInt {
    negative: bool,
    /// Little-endian, its last byte not zero.
    magnitude: Vec<u8>,
}

impl BigInt {
    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Its distance from zero, the least significant byte first, without leading zeros.
    pub fn magnitude(&self) -> &[u8] {
        &self.magnitude
    }

    /// Reads digits of a base from 2 to 36; none where 64 bits hold the value, or there is no digit.
    /// That takes the square of their number.
    pub(crate) fn from_digits(digits: &str, base: u32) -> Option<Self> {
        // As many digits at a time as a word holds.
        let mut words: Vec<u64> = Vec::new();
        let (mut chunk, mut scale) = (0u64, 1u64);
        let mut push = |chunk: u64, scale: u64| {
            let mut carry = u128::from(chunk);
            for word in &mut words {
                carry += u128::from(*word) * u128::from(scale);
                *word = carry as u64;
                carry >>= 64;
            }
            if carry > 0 {
                words.push(carry as u64);
            }
        };
        for digit in digits.chars() {
            chunk = chunk * u64::from(base) + u64::from(digit.to_digit(base)?);
            scale *= u64::from(base);
            if scale > u64::MAX / 64 / 36 {
                push(chunk, scale);
                (chunk, scale) = (0, 1);
            }
        }
        push(chunk, scale);
        let magnitude: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
        match Term::integer(false, &magnitude) {
            Term::Big(big) => Some(big),
            _ => None,
        }
    }

    /// The number as far from zero on the other side.
    pub(crate) fn negated(self) -> Self {
        Self {
            negative: !self.negative,
            ..self
        }
    }

    /// The value, if 128 bits hold it.
    pub fn to_i128(&self) -> Option<i128> {
        let mut bytes = [0; 16];
        bytes
            .get_mut(..self.magnitude.len())?
            .copy_from_slice(&self.magnitude);
        signed(self.negative, u128::from_le_bytes(bytes))
    }
}

/// In decimal if 128 bits hold it, else in base 16 as Erlang reads it: `-16#FF`.
impl fmt::Display for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(value) = self.to_i128() {
            return write!(f, "{value}");
        }
        f.write_str(if self.negative { "-16#" } else { "16#" })?;
        let mut bytes = self.magnitude.iter().rev();
        if let Some(first) = bytes.next() {
            write!(f, "{first:X}")?;
        }
        bytes.try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

fn signed(negative: bool, magnitude: u128) -> Option<i128> {
    if negative {
        0i128.checked_sub_unsigned(magnitude)
    } else {
        i128::try_from(magnitude).ok()
    }
}

impl Term {
    /// Makes an integer from its sign and its distance from zero, the least significant byte first.
    pub fn integer(negative: bool, magnitude: &[u8]) -> Self {
        let length = magnitude.iter().rposition(|&b| b != 0).map_or(0, |i| i + 1);
        let big = BigInt {
            negative,
            magnitude: magnitude[..length].to_vec(),
        };
        match big.to_i128().and_then(|value| i64::try_from(value).ok()) {
            Some(small) => Self::Int(small),
            None => Self::Big(big),
        }
    }
}

impl From<i128> for Term {
    fn from(value: i128) -> Self {
        Self::integer(value < 0, &value.unsigned_abs().to_le_bytes())
    }
}

impl From<u64> for Term {
    fn from(value: u64) -> Self {
        Self::from(i128::from(value))
    }
}

impl From<i64> for Term {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_small_wherever_it_can_be() {
        let check = |value: i128, small: bool| {
            let term = Term::from(value);
            assert_eq!(matches!(term, Term::Int(_)), small, "{value}");
            match term {
                Term::Int(v) => assert_eq!(i128::from(v), value),
                Term::Big(big) => assert_eq!(big.to_i128(), Some(value)),
                other => panic!("{other}"),
            }
        };
        check(0, true);
        check(-1, true);
        check(i64::MAX.into(), true);
        check(i64::MIN.into(), true);
        check(i128::from(i64::MAX) + 1, false);
        check(i128::from(i64::MIN) - 1, false);
        check(i128::MAX, false);
        check(i128::MIN, false);
        assert_eq!(Term::integer(true, &[7, 0, 0]), Term::Int(-7));
        assert_eq!(Term::integer(true, &[0; 40]), Term::Int(0));
        let Term::Big(huge) = Term::integer(false, &[1; 17]) else {
            panic!("not big");
        };
        assert_eq!(huge.to_i128(), None);
    }

    #[test]
    fn digits_of_every_base_make_the_same_number() {
        let hex = format!("1{}", "0123456789ABCDEF".repeat(9));
        let expected = BigInt::from_digits(&hex, 16).unwrap();
        assert_eq!(expected.to_string(), format!("16#{hex}"));
        let mut decimal = vec![0u8];
        let mut binary = String::new();
        for digit in hex.chars() {
            let digit = digit.to_digit(16).unwrap();
            binary.push_str(&format!("{digit:04b}"));
            let mut carry = digit;
            for place in &mut decimal {
                carry += u32::from(*place) * 16;
                *place = (carry % 10) as u8;
                carry /= 10;
            }
            while carry > 0 {
                decimal.push((carry % 10) as u8);
                carry /= 10;
            }
        }
        let decimal: String = decimal.iter().rev().map(|d| char::from(b'0' + d)).collect();
        assert_eq!(BigInt::from_digits(&decimal, 10), Some(expected.clone()));
        assert_eq!(BigInt::from_digits(&binary, 2), Some(expected));
        assert_eq!(BigInt::from_digits("12", 10), None);
        assert_eq!(BigInt::from_digits("", 10), None);
    }
}
