//! The one source of randomness, and what is made of it: ids, secrets and seeds.

use std::sync::{Arc, Mutex, PoisonError};

use domain::Timestamp;
use rand::{Rng as _, RngCore as _, SeedableRng as _, rngs::StdRng};
use uuid::Uuid;

use crate::clock::Clock;

/// Where random bytes come from.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes` with randomness fit for secrets.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's randomness, stretched by a generator of cryptographic strength.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the entropy that is injected everywhere else")]
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// The same bytes in every run with the same seed: for tests only.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<StdRng>);

impl SeededEntropy {
    /// Begins the sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes);
    }
}

/// A number that nobody can foresee.
pub(crate) fn seed(entropy: &dyn Entropy) -> u64 {
    u64::from_le_bytes(bytes(entropy))
}

/// So many random bytes.
pub(crate) fn bytes<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// Largest count of ids within one millisecond: what the 12 bits after the time can hold.
const COUNTER_MAX: u16 = 0x0fff;

/// Makes ids: UUID version 7 whose order is the order in which they were made, also within a millisecond and when
/// the system's clock is set back.
pub(crate) struct Ids {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    last: Mutex<(u64, u16)>,
}

impl Ids {
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, last: Mutex::new((0, 0)) }
    }

    /// A new id and the time it was made at, which is the clock's.
    pub(crate) fn next(&self) -> (Uuid, Timestamp) {
        let now = self.clock.now();
        let random: [u8; 10] = bytes(&*self.entropy);
        let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
        let (millis, count) = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            // A new millisecond begins its count in the lower half, so that there is room to count up.
            let start = u16::from_be_bytes([random[0], random[1]]) & (COUNTER_MAX >> 1);
            *last = match *last {
                (before, _) if millis > before => (millis, start),
                (before, count) if count < COUNTER_MAX => (before, count + 1),
                (before, _) => (before + 1, start),
            };
            *last
        };
        let mut tail = random;
        tail[..2].copy_from_slice(&count.to_be_bytes());
        (uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid(), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn ids_sort_as_they_were_made_even_when_the_clock_stands_still() {
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock, Arc::new(SeededEntropy::new(1)));
        let made: Vec<_> = (0..10_000).map(|_| ids.next().0).collect();
        assert!(made.is_sorted_by(|a, b| a < b));
        assert!(made.iter().all(|id| id.get_version_num() == 7));
    }
}
