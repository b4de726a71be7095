//! Chance that comes out the same in every run, so that a failure can be looked at again.

/// Dice that were thrown in the same way before.
pub struct Dice(u64);

impl Dice {
    /// Dice of their own for every seed.
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number: Steele, Lea and Flood's `SplitMix64`.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() % end as u64).unwrap()
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}
