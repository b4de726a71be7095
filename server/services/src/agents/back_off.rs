//! How long to wait before looking at an agent again that is not yet as it shall be.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(800);
/// The longest wait, before jitter.
const LONGEST: Duration = Duration::from_secs(30);

/// The wait before try `number`, counted from 0. `seed` moves it by up to a fifth, so that many agents that failed
/// together do not come back together.
pub(super) fn wait(number: u32, seed: u64) -> Duration {
    jitter(FIRST.saturating_mul(2_u32.saturating_pow(number)).min(LONGEST), seed)
}

/// The duration, shorter or longer by up to a fifth.
pub(super) fn jitter(duration: Duration, seed: u64) -> Duration {
    let percent = 80 + u32::try_from(seed % 41).unwrap_or_default();
    duration.saturating_mul(percent) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_less_than_a_second_to_half_a_minute() {
        // Seed 20 is the middle: no jitter.
        let waits: Vec<_> = (0..8).map(|number| wait(number, 20).as_millis()).collect();
        assert_eq!(waits, [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
        assert_eq!(wait(u32::MAX, 20), LONGEST);
        assert_eq!((jitter(LONGEST, 0), jitter(LONGEST, 40)), (Duration::from_secs(24), Duration::from_secs(36)));
    }
}
