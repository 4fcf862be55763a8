//! Integers of more than 64 bits.

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

    /// The value, if 128 bits hold it.
    pub fn to_i128(&self) -> Option<i128> {
        let mut bytes = [0; 16];
        bytes
            .get_mut(..self.magnitude.len())?
            .copy_from_slice(&self.magnitude);
        signed(self.negative, u128::from_le_bytes(bytes))
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
}
