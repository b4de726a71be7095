//! Gathers small pieces of output into few frames without making a lone keystroke wait. Pure: time comes in.

use tokio::time::Instant;

use super::limits::{COALESCE_AT_ONCE, COALESCE_FOR, COALESCE_MAX};

/// Output that waits to become a frame.
#[derive(Debug, Default)]
pub struct Coalescer {
    pending: Vec<u8>,
    /// When the current window began, and how many frames were sent in it.
    window: Option<(Instant, u32)>,
}

impl Coalescer {
    /// Adds output.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// Something was typed: what comes next is its echo, and somebody waits for it.
    pub fn expect_echo(&mut self) {
        self.window = None;
    }

    /// When [`Self::take_due`] has something to give, at the latest. `None` while nothing waits.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        if self.pending.is_empty() {
            return None;
        }
        let must_wait = self.pending.len() < COALESCE_MAX;
        let full = self.window.filter(|(_, frames)| must_wait && *frames >= COALESCE_AT_ONCE);
        Some(full.map_or(now, |(began, _)| began + COALESCE_FOR))
    }

    /// What is to be sent now: everything, if the line is quiet, if it has waited long enough or if there is much.
    pub fn take_due(&mut self, now: Instant) -> Option<Vec<u8>> {
        let due = self.deadline(now)? <= now;
        due.then(|| self.take(now))
    }

    /// Everything that waits, due or not.
    pub fn take(&mut self, now: Instant) -> Vec<u8> {
        let (began, frames) = self.window.filter(|(began, _)| now < *began + COALESCE_FOR).unwrap_or((now, 0));
        self.window = Some((began, frames + 1));
        std::mem::take(&mut self.pending)
    }

    /// Forgets everything that waits.
    pub fn clear(&mut self) {
        self.pending = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    /// A line that has just sent as many frames as may go at once.
    fn busy(now: Instant) -> Coalescer {
        let mut output = Coalescer::default();
        for _ in 0..COALESCE_AT_ONCE {
            output.push(b"a");
            assert_eq!(output.take_due(now), Some(b"a".to_vec()));
        }
        output
    }

    #[test]
    fn a_few_pieces_go_at_once_and_the_next_one_waits() {
        let now = Instant::now();
        let mut output = busy(now);
        output.push(b"b");
        assert_eq!(output.take_due(now), None);
        assert_eq!(output.deadline(now), Some(now + COALESCE_FOR));
        assert_eq!(output.take_due(now + COALESCE_FOR), Some(b"b".to_vec()));
        assert_eq!(output.deadline(now), None);
    }

    #[test]
    fn the_echo_of_a_key_does_not_wait_however_much_was_printed() {
        let now = Instant::now();
        let mut output = busy(now);
        output.expect_echo();
        output.push(b"key");
        assert_eq!(output.take_due(now), Some(b"key".to_vec()));
    }

    #[test]
    fn much_output_does_not_wait() {
        let now = Instant::now();
        let mut output = busy(now);
        output.push(&[b'b'; COALESCE_MAX]);
        assert_eq!(output.take_due(now).map(|frame| frame.len()), Some(COALESCE_MAX));
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_reordered_or_late(pieces: Vec<(Vec<u8>, u8)>) {
            let mut now = Instant::now();
            let (mut output, mut sent, mut all) = (Coalescer::default(), Vec::new(), Vec::new());
            for (piece, pause) in pieces {
                output.push(&piece);
                all.extend_from_slice(&piece);
                sent.extend(output.take_due(now).unwrap_or_default());
                if let Some(deadline) = output.deadline(now) {
                    prop_assert!(deadline > now && deadline <= now + COALESCE_FOR);
                }
                now += Duration::from_millis(u64::from(pause));
                sent.extend(output.take_due(now).unwrap_or_default());
            }
            sent.extend(output.take(now));
            prop_assert_eq!(sent, all);
        }
    }
}
