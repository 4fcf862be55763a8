//! Bits written one after the other.

use super::TermError;
use crate::term::Term;

/// A bitstring that grows up to a limit.
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// How many bits of the last byte are used, 8 also where there is no byte.
    last_bits: u8,
    bytes_max: usize,
}

impl BitWriter {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            bytes: Vec::new(),
            last_bits: 8,
            bytes_max,
        }
    }

    pub(super) fn into_term(self) -> Term {
        match crate::etf::Term::bitstring(self.bytes, self.last_bits) {
            Some(crate::etf::Term::Binary(bytes)) => Term::Binary(bytes),
            Some(crate::etf::Term::Bits(bits)) => Term::Bits(bits),
            _ => Term::Binary(Vec::new()),
        }
    }

    /// Appends the first `count` bits of the bytes.
    pub(super) fn bits(&mut self, bytes: &[u8], count: usize) -> Result<(), TermError> {
        self.room_for(count)?;
        let (whole, rest) = (count / 8, (count % 8) as u8);
        if self.last_bits == 8 {
            self.bytes.extend_from_slice(&bytes[..whole]);
        } else {
            bytes[..whole].iter().for_each(|&byte| self.push(byte, 8));
        }
        if rest > 0 {
            self.push(bytes[whole], rest);
        }
        Ok(())
    }

    /// Appends whole bytes, given with the most significant first.
    pub(super) fn whole<const N: usize>(
        &mut self,
        mut bytes: [u8; N],
        little: bool,
    ) -> Result<(), TermError> {
        if little {
            bytes.reverse();
        }
        self.bits(&bytes, N * 8)
    }

    /// Appends the low `count` bits of an integer.
    pub(super) fn integer(
        &mut self,
        value: &Term,
        count: usize,
        little: bool,
    ) -> Result<(), TermError> {
        self.room_for(count)?;
        // By far the most common.
        if let (Term::Int(value), 8) = (value, count) {
            self.push(value.to_le_bytes()[0], 8);
            return Ok(());
        }
        let mut bytes = twos_complement(value, count.div_ceil(8));
        let rest = count % 8;
        if little {
            // Only the last and most significant byte may be cut; its low bits count.
            if let (Some(last), 1..) = (bytes.last_mut(), rest) {
                *last <<= 8 - rest;
            }
            return self.bits(&bytes, count);
        }
        bytes.reverse();
        match (bytes.split_first(), rest) {
            (Some((&first, others)), 1..) => {
                self.push(first << (8 - rest), rest as u8);
                self.bits(others, count - rest)
            }
            _ => self.bits(&bytes, count),
        }
    }

    /// Appends the high `count` bits, 1 to 8, of a byte.
    fn push(&mut self, byte: u8, count: u8) {
        let byte = byte & (0xff << (8 - count));
        let free = 8 - self.last_bits;
        if let (Some(last), 1..) = (self.bytes.last_mut(), free) {
            *last |= byte >> self.last_bits;
            if count <= free {
                self.last_bits += count;
                return;
            }
            self.bytes.push(byte << free);
            self.last_bits = count - free;
            return;
        }
        self.bytes.push(byte);
        self.last_bits = count;
    }

    fn room_for(&self, count: usize) -> Result<(), TermError> {
        match self.bytes.len().checked_add(count.div_ceil(8)) {
            Some(total) if total <= self.bytes_max => Ok(()),
            _ => Err(TermError::Limit {
                what: "bytes of a binary",
                limit: self.bytes_max,
            }),
        }
    }
}

/// The low bytes of an integer, the least significant first.
fn twos_complement(value: &Term, count: usize) -> Vec<u8> {
    let (negative, mut bytes) = match value {
        Term::Int(value) => (*value < 0, value.to_le_bytes().to_vec()),
        Term::BigInt(big) if big.is_negative() => {
            let mut carry = true;
            let flip = |byte: &u8| {
                let (byte, carried) = (!byte).overflowing_add(carry.into());
                carry = carried;
                byte
            };
            (true, big.magnitude().iter().map(flip).collect())
        }
        Term::BigInt(big) => (false, big.magnitude().to_vec()),
        _ => (false, Vec::new()),
    };
    bytes.resize(count, if negative { 0xff } else { 0 });
    bytes
}
