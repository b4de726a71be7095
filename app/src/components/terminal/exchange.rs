//! What of the output has come and what of the input has arrived, so that a lost connection loses and doubles nothing. It
//! knows no sockets.

use std::collections::VecDeque;

use domain::terminal::{INPUT_CHUNK, Reset, Resume, Welcome};

/// Typed bytes that are kept while there is no connection.
const KEPT_BYTES: usize = 4 * 1024;
/// For how long after a loss what is typed is kept, in milliseconds: nobody wants a command to run much later.
const KEPT_FOR: f64 = 10_000.0;

/// A frame of input: its number and its bytes.
pub type Typed = (u32, Vec<u8>);

/// Both directions of one terminal.
#[derive(Debug, Default)]
pub struct Exchange {
    known: Option<Resume>,
    next: u32,
    /// Frames that the server has not taken over yet, oldest first.
    pending: VecDeque<Typed>,
    /// Since when there is no connection.
    lost_at: Option<f64>,
}

/// What a welcome means.
#[derive(Debug, PartialEq, Eq)]
pub struct Welcomed {
    /// The screen is to be cleared.
    pub starts_over: bool,
    /// Something that was typed is lost, or may be.
    pub input_lost: bool,
}

impl Exchange {
    /// Where to go on, for a hello.
    pub fn resume(&self) -> Option<Resume> {
        self.known.clone()
    }

    /// The connection is gone.
    pub fn lost(&mut self, now: f64) {
        self.lost_at.get_or_insert(now);
    }

    /// The server answered hello. What [`Self::pending`] holds is to be sent now.
    pub fn welcomed(&mut self, welcome: &Welcome, now: f64) -> Welcomed {
        let before =
            self.known.replace(Resume { session: welcome.session.clone(), epoch: welcome.epoch, seq: welcome.seq });
        let is_late = self.lost_at.take().is_some_and(|lost_at| now > lost_at + KEPT_FOR);
        let same_session = before.as_ref().is_some_and(|before| before.session == welcome.session);
        let mut input_lost = false;
        if same_session {
            self.acked(welcome.input);
        } else if before.is_none() && !is_late {
            // What was typed before there was any session is for the first one. An agent that starts may take minutes to have one.
            self.next = welcome.input;
            for (seq, _) in &mut self.pending {
                *seq = self.next;
                self.next = self.next.wrapping_add(1);
            }
        } else {
            // Whether the last of it arrived in the session that is gone, nobody knows: it is not typed again.
            input_lost = !self.pending.is_empty();
            self.pending.clear();
            self.next = welcome.input;
        }
        let starts_over = !same_session || before.is_some_and(|before| before.epoch != welcome.epoch);
        Welcomed { starts_over, input_lost }
    }

    /// A new epoch begins.
    pub fn reset(&mut self, reset: &Reset) {
        if let Some(known) = &mut self.known {
            (known.epoch, known.seq) = (reset.epoch, 0);
        }
    }

    /// So many bytes of output came. Gives back the place after them: epoch and number.
    pub fn received(&mut self, bytes: usize) -> (u32, u64) {
        let Some(known) = &mut self.known else { return (0, 0) };
        known.seq += bytes as u64;
        (known.epoch, known.seq)
    }

    /// Something was typed: numbers it, and gives back how many frames at the end of [`Self::pending`] it became. `None` while it
    /// would have to wait too long or be too much.
    pub fn typed(&mut self, bytes: &[u8], now: f64) -> Option<usize> {
        if let Some(lost_at) = self.lost_at {
            let kept: usize = self.pending.iter().map(|(_, bytes)| bytes.len()).sum();
            if now > lost_at + KEPT_FOR || kept + bytes.len() > KEPT_BYTES {
                return None;
            }
        }
        let mut frames = 0;
        for chunk in bytes.chunks(INPUT_CHUNK) {
            self.pending.push_back((self.next, chunk.to_vec()));
            self.next = self.next.wrapping_add(1);
            frames += 1;
        }
        Some(frames)
    }

    /// The server has taken over everything before this number.
    pub fn acked(&mut self, next: u32) {
        while self.pending.front().is_some_and(|(seq, _)| next.wrapping_sub(*seq).wrapping_sub(1) < u32::MAX / 2) {
            self.pending.pop_front();
        }
    }

    /// Frames that the server has not taken over yet.
    pub fn pending(&self) -> &VecDeque<Typed> {
        &self.pending
    }
}

#[cfg(test)]
mod tests {
    use domain::terminal::{Mode, ResetReason, Size};

    use super::*;

    fn welcome(session: &str, epoch: u32, seq: u64, input: u32) -> Welcome {
        let size = Size { cols: 80, rows: 24 };
        Welcome { session: session.into(), epoch, seq, input, size, mode: Mode::Drive }
    }

    fn live() -> Exchange {
        let mut exchange = Exchange::default();
        let first = exchange.welcomed(&welcome("a", 1, 0, 0), 0.0);
        assert_eq!(first, Welcomed { starts_over: true, input_lost: false });
        exchange
    }

    #[test]
    fn what_is_typed_before_the_first_session_is_for_that_one() {
        let mut exchange = Exchange::default();
        exchange.lost(0.0);
        assert_eq!(exchange.typed(b"ear", 0.0), Some(1));
        assert_eq!(exchange.typed(b"ly", KEPT_FOR), Some(1));
        assert_eq!(exchange.typed(b"late", KEPT_FOR + 1.0), None);
        let first = exchange.welcomed(&welcome("a", 1, 0, 3), 0.0);
        assert_eq!(first, Welcomed { starts_over: true, input_lost: false });
        assert_eq!(exchange.pending(), &[(3, b"ear".to_vec()), (4, b"ly".to_vec())]);
        assert_eq!(exchange.typed(b"x", 60_000.0), Some(1));
        assert_eq!(exchange.pending()[2].0, 5);
    }

    #[test]
    fn what_was_typed_before_the_first_session_is_not_typed_minutes_later() {
        let mut exchange = Exchange::default();
        exchange.lost(0.0);
        assert_eq!(exchange.typed(b"early", 0.0), Some(1));
        let first = exchange.welcomed(&welcome("a", 1, 0, 0), 180_000.0);
        assert_eq!(first, Welcomed { starts_over: true, input_lost: true });
        assert_eq!(exchange.typed(b"x", 180_000.0), Some(1));
        assert_eq!(exchange.pending(), &[(0, b"x".to_vec())]);
    }

    #[test]
    fn a_short_loss_goes_on_and_sends_what_did_not_arrive() {
        let mut exchange = live();
        assert_eq!(exchange.received(10), (1, 10));
        for key in [b"a", b"b", b"c"] {
            assert_eq!(exchange.typed(key, 0.0), Some(1));
        }
        exchange.acked(1);
        exchange.lost(0.0);
        assert_eq!(exchange.typed(b"d", 1_000.0), Some(1));
        assert_eq!(exchange.resume(), Some(Resume { session: "a".into(), epoch: 1, seq: 10 }));
        let again = exchange.welcomed(&welcome("a", 1, 10, 2), 0.0);
        assert_eq!(again, Welcomed { starts_over: false, input_lost: false });
        assert_eq!(Vec::from(exchange.pending().clone()), [(2, b"c".to_vec()), (3, b"d".to_vec())]);
    }

    #[test]
    fn another_session_gets_nothing_of_what_was_typed_for_the_first() {
        let mut exchange = live();
        exchange.typed(b"make deploy\r", 0.0);
        exchange.lost(0.0);
        let other = exchange.welcomed(&welcome("b", 1, 0, 0), 0.0);
        assert_eq!(other, Welcomed { starts_over: true, input_lost: true });
        assert!(exchange.pending().is_empty());
        exchange.typed(b"x", 0.0);
        assert_eq!(exchange.pending()[0].0, 0);
    }

    #[test]
    fn what_is_typed_without_a_connection_is_kept_for_a_short_time_and_not_without_limit() {
        let mut exchange = live();
        exchange.lost(0.0);
        assert_eq!(exchange.typed(&[b'x'; KEPT_BYTES], 1.0), Some(1));
        assert_eq!(exchange.typed(b"x", 1.0), None);
        let mut exchange = live();
        exchange.lost(0.0);
        assert_eq!(exchange.typed(b"x", KEPT_FOR + 1.0), None);
        assert!(exchange.pending().is_empty(), "a gap in the numbers would end the session");
    }

    #[test]
    fn a_new_epoch_counts_from_its_beginning() {
        let mut exchange = live();
        exchange.received(10);
        exchange.reset(&Reset { epoch: 2, reason: ResetReason::Skipped, input_lost: false });
        assert_eq!(exchange.received(3), (2, 3));
        exchange.lost(0.0);
        assert!(exchange.welcomed(&welcome("a", 3, 0, 0), 0.0).starts_over);
    }

    #[test]
    fn numbers_wrap() {
        let mut exchange = live();
        exchange.next = u32::MAX;
        exchange.typed(b"a", 0.0);
        exchange.typed(b"b", 0.0);
        exchange.acked(u32::MAX);
        assert_eq!(exchange.pending().len(), 2);
        exchange.acked(0);
        assert_eq!(exchange.pending().len(), 1);
        exchange.acked(1);
        assert!(exchange.pending().is_empty());
    }
}
