//! Chance from a seed: the same seed gives the same numbers everywhere.

/// A stream of numbers: `SplitMix64`, as its authors published it.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Begins the stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    /// Begins a stream of its own for a subject, so that what one draws does not change the others.
    #[must_use]
    pub fn of(seed: u64, subject: u64) -> Self {
        let mut chance = Self::new(seed);
        chance.0 ^= subject.wrapping_mul(0xd6e8_feb8_6659_fd93);
        chance.next();
        chance
    }

    /// Returns the next number.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number from `low` to `high`, both included.
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// Says yes that many times in a thousand.
    pub fn happens(&mut self, permille: u64) -> bool {
        self.next() % 1000 < permille
    }

    /// Picks one.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.range(0, from.len() as u64 - 1) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_again() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            [0; 8].map(|_| chance.range(3, 9))
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert!(draw(7).iter().all(|n| (3..=9).contains(n)));
    }
}
