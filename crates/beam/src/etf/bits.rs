//! Bitstrings whose length is no whole number of bytes.

use super::Term;

/// A bitstring that ends within a byte.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bits {
    /// The unused low bits of the last byte are zero.
    bytes: Vec<u8>,
    /// 1 to 7.
    last_bits: u8,
}

impl Bits {
    /// The bytes; of the last one only the high [`last_bits`](Self::last_bits) count, the others are
    /// zero.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bits of the last byte count: 1 to 7.
    pub fn last_bits(&self) -> u8 {
        self.last_bits
    }
}

impl Term {
    /// Makes a bitstring of which the high `last_bits` (1 to 8) of the last byte count: a binary where
    /// these are all of them. None where that makes no sense.
    pub fn bitstring(mut bytes: Vec<u8>, last_bits: u8) -> Option<Self> {
        match (bytes.last_mut(), last_bits) {
            (None, 0 | 8) | (Some(_), 8) => Some(Self::Binary(bytes)),
            (Some(last), 1..=7) => {
                *last &= 0xff << (8 - last_bits);
                Some(Self::Bits(Bits { bytes, last_bits }))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_bits_are_cleared_so_that_equal_bitstrings_are_equal() {
        let of = |byte: u8| Term::bitstring(vec![1, byte], 3).unwrap();
        assert_eq!(of(0b1011_1111), of(0b1010_0000));
        assert_ne!(of(0b1011_1111), of(0b0010_0000));
        assert_eq!(Term::bitstring(vec![1], 8), Some(Term::Binary(vec![1])));
        assert_eq!(Term::bitstring(vec![], 0), Some(Term::Binary(vec![])));
        assert_eq!(Term::bitstring(vec![], 3), None);
        assert_eq!(Term::bitstring(vec![1], 0), None);
        assert_eq!(Term::bitstring(vec![1], 9), None);
    }
}
