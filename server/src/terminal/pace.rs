//! Gathers small pieces of output into few frames without making a lone keystroke wait. Pure: time comes in.

use tokio::time::Instant;

use super::limits::{COALESCE_AT_ONCE, COALESCE_FOR, COALESCE_MAX};

/// When output that waits becomes a frame.
#[derive(Debug, Default)]
pub struct Pace {
    /// When the current stretch began, and how many frames were sent in it.
    stretch: Option<(Instant, u32)>,
}

impl Pace {
    /// Something was typed: what comes next is its echo, and somebody waits for it.
    pub fn expect_echo(&mut self) {
        self.stretch = None;
    }

    /// When `waiting` bytes are to be sent, at the latest: at once if the line is quiet or if they are many.
    pub fn due(&self, waiting: usize, now: Instant) -> Instant {
        let may_wait = waiting < COALESCE_MAX;
        let full = self.stretch.filter(|(_, frames)| may_wait && *frames >= COALESCE_AT_ONCE);
        full.map_or(now, |(began, _)| began + COALESCE_FOR)
    }

    /// A frame was sent.
    pub fn sent(&mut self, now: Instant) {
        let (began, frames) = self.stretch.filter(|(began, _)| now < *began + COALESCE_FOR).unwrap_or((now, 0));
        self.stretch = Some((began, frames + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that has just sent as many frames as may go at once.
    fn busy(now: Instant) -> Pace {
        let mut pace = Pace::default();
        for _ in 0..COALESCE_AT_ONCE {
            assert_eq!(pace.due(1, now), now);
            pace.sent(now);
        }
        pace
    }

    #[test]
    fn a_few_pieces_go_at_once_and_the_next_one_waits() {
        let now = Instant::now();
        let pace = busy(now);
        assert_eq!(pace.due(1, now), now + COALESCE_FOR);
        assert!(pace.due(1, now + COALESCE_FOR) <= now + COALESCE_FOR);
    }

    #[test]
    fn neither_the_echo_of_a_key_nor_much_output_waits() {
        let now = Instant::now();
        let mut pace = busy(now);
        assert_eq!(pace.due(COALESCE_MAX, now), now);
        pace.expect_echo();
        assert_eq!(pace.due(1, now), now);
    }
}
