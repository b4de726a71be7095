//! Output on its way to a browser: what was sent and is not parsed yet, and what waits to be sent. It is the replay buffer
//! after a cut, too: nothing leaves it before the browser has parsed it. Pure.

use std::collections::VecDeque;

/// Memory that an empty outbox may keep, in bytes.
const IDLE_CAPACITY: usize = 4 * 1024;

/// Output of one epoch, from the first byte that was not acknowledged to the last that came.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: VecDeque<u8>,
    /// Bytes of the epoch that the browser has parsed: the number of the first byte in `bytes`.
    acked: u64,
    /// Bytes of the epoch that were sent.
    sent: u64,
}

/// An acknowledgement of bytes that were never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeverSent;

impl Outbox {
    /// Adds output.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// Bytes of the epoch that were sent.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Bytes that were sent and not parsed yet.
    pub fn in_flight(&self) -> usize {
        usize::try_from(self.sent - self.acked).unwrap_or(usize::MAX)
    }

    /// Bytes that wait to be sent.
    pub fn waiting(&self) -> usize {
        self.bytes.len() - self.in_flight()
    }

    /// Takes at most `most` bytes to be sent, with the number of the first one.
    pub fn send(&mut self, most: usize) -> (u64, Vec<u8>) {
        let (seq, from) = (self.sent, self.in_flight());
        let until = self.bytes.len().min(from.saturating_add(most));
        let (front, back) = self.bytes.as_slices();
        let mut taken = Vec::with_capacity(until - from);
        taken.extend_from_slice(&front[from.min(front.len())..until.min(front.len())]);
        taken.extend_from_slice(&back[from.saturating_sub(front.len())..until.saturating_sub(front.len())]);
        self.sent += taken.len() as u64;
        (seq, taken)
    }

    /// The browser has parsed everything before this number. Says how many bytes that are more than before.
    pub fn ack(&mut self, seq: u64) -> Result<usize, NeverSent> {
        if seq > self.sent {
            return Err(NeverSent);
        }
        // An old one may be overtaken by a resumption.
        let more = usize::try_from(seq.saturating_sub(self.acked)).unwrap_or(usize::MAX);
        self.bytes.drain(..more);
        self.acked += more as u64;
        if self.bytes.is_empty() && self.bytes.capacity() > IDLE_CAPACITY {
            self.bytes = VecDeque::new();
        }
        Ok(more)
    }

    /// The browser came back and has everything before this number, which is as good as an acknowledgement: those of before may
    /// have been lost. What follows is sent again. Says whether that can be done.
    pub fn resume(&mut self, seq: u64) -> bool {
        let possible = (self.acked..=self.sent).contains(&seq) && self.ack(seq).is_ok();
        if possible {
            self.sent = seq;
        }
        possible
    }

    /// Forgets what waits. Says how many bytes that were.
    pub fn skip(&mut self) -> usize {
        let waiting = self.waiting();
        self.bytes.truncate(self.in_flight());
        waiting
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_parsed_can_be_sent_again() {
        let mut outbox = Outbox::default();
        outbox.push(b"abcdef");
        assert_eq!(outbox.send(4), (0, b"abcd".to_vec()));
        assert_eq!(outbox.ack(2), Ok(2));
        assert_eq!((outbox.in_flight(), outbox.waiting()), (2, 2));
        assert!(!outbox.resume(1), "it was parsed and forgotten");
        assert!(!outbox.resume(5), "it was never sent");
        assert!(outbox.resume(3));
        assert_eq!(outbox.send(9), (3, b"def".to_vec()));
        assert_eq!(outbox.ack(7), Err(NeverSent));
        assert_eq!(outbox.ack(6), Ok(3));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Push(Vec<u8>),
        Send(usize),
        Ack(u8),
        Resume(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            any::<Vec<u8>>().prop_map(Step::Push),
            (0_usize..64).prop_map(Step::Send),
            any::<u8>().prop_map(Step::Ack),
            any::<u8>().prop_map(Step::Resume),
        ]
    }

    proptest! {
        /// However sending, acknowledging and resuming are mixed, the browser has every byte once and in order.
        #[test]
        fn no_byte_is_lost_doubled_or_reordered(steps in prop::collection::vec(step(), 0..80)) {
            let (mut outbox, mut all, mut received) = (Outbox::default(), Vec::new(), Vec::new());
            let mut acked = 0;
            for step in steps {
                match step {
                    Step::Push(bytes) => { all.extend_from_slice(&bytes); outbox.push(&bytes); }
                    Step::Send(most) => {
                        let (seq, bytes) = outbox.send(most);
                        prop_assert_eq!(seq, received.len() as u64);
                        received.extend(bytes);
                    }
                    Step::Ack(part) => {
                        acked = acked.max(received.len() * usize::from(part) / 255);
                        prop_assert!(outbox.ack(acked as u64).is_ok());
                    }
                    Step::Resume(part) => {
                        // What was under way when the connection was cut did not arrive.
                        let arrived = acked + (received.len() - acked) * usize::from(part) / 255;
                        received.truncate(arrived);
                        acked = arrived;
                        prop_assert!(outbox.resume(arrived as u64));
                    }
                }
                prop_assert_eq!(outbox.in_flight() + outbox.waiting(), all.len() - acked);
            }
            received.extend(outbox.send(usize::MAX).1);
            prop_assert_eq!(received, all);
        }
    }
}
