//! What was typed, on its way to the agent: each frame once and in order, and nothing for another shell than the one it was
//! typed for. Pure.

/// Numbered input of one session.
#[derive(Debug, Default)]
pub struct Typed {
    /// The number of the next frame.
    next: u32,
    /// What could not be handed on yet.
    held: Vec<u8>,
    /// Frames that came a second time.
    doubled: u64,
    /// Something is lost, or may be, and the viewer was not told yet.
    is_lost: bool,
}

/// What became of a frame of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is new.
    New,
    /// It came before.
    Again,
    /// Frames before it are missing.
    Gap,
}

impl Typed {
    /// The number of the next frame.
    pub fn next(&self) -> u32 {
        self.next
    }

    /// A frame came. Numbers wrap around.
    pub fn take(&mut self, seq: u32, bytes: &[u8]) -> Taken {
        let ahead = seq.wrapping_sub(self.next);
        if ahead == 0 {
            self.next = self.next.wrapping_add(1);
            self.held.extend_from_slice(bytes);
            Taken::New
        } else if ahead > u32::MAX / 2 {
            self.doubled += 1;
            Taken::Again
        } else {
            Taken::Gap
        }
    }

    /// Bytes that wait.
    pub fn waiting(&self) -> usize {
        self.held.len()
    }

    /// Everything that waits, to be handed on.
    pub fn hand_on(&mut self) -> Option<Vec<u8>> {
        (!self.held.is_empty()).then(|| std::mem::take(&mut self.held))
    }

    /// The shell it was meant for is gone, and what waits is lost with it.
    pub fn forget(&mut self) {
        self.is_lost |= !std::mem::take(&mut self.held).is_empty();
    }

    /// What was handed on is lost, or may be.
    pub fn doubt(&mut self) {
        self.is_lost = true;
    }

    /// Whether the viewer is to be told that something may be lost.
    pub fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// The same, for whoever tells it now.
    pub fn tell_loss(&mut self) -> bool {
        std::mem::take(&mut self.is_lost)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_that_wraps_is_the_next_one() {
        let mut typed = Typed { next: u32::MAX, ..Typed::default() };
        assert_eq!(typed.take(u32::MAX, b"a"), Taken::New);
        assert_eq!(typed.take(u32::MAX, b"a"), Taken::Again);
        assert_eq!(typed.take(0, b"b"), Taken::New);
        assert_eq!(typed.take(2, b"d"), Taken::Gap);
        assert_eq!(typed.hand_on(), Some(b"ab".to_vec()));
        assert_eq!(typed.doubled, 1);
    }

    proptest! {
        /// A client that sends everything again that was not acknowledged, over any number of cuts, is taken at its word once.
        #[test]
        fn every_key_goes_through_once(keys: Vec<u8>, cuts in prop::collection::vec((0_usize..20, 0_usize..20), 0..40)) {
            let (mut typed, mut through) = (Typed::default(), Vec::new());
            let mut acked = 0;
            let mut send = |typed: &mut Typed, at: usize| {
                prop_assert_ne!(typed.take(u32::try_from(at).unwrap(), &keys[at..=at]), Taken::Gap);
                through.extend(typed.hand_on().unwrap_or_default());
                Ok(())
            };
            for (arrived, ack_lost) in cuts {
                for at in acked..(acked + arrived).min(keys.len()) {
                    send(&mut typed, at)?;
                }
                acked = (typed.next() as usize).saturating_sub(ack_lost).max(acked);
            }
            for at in acked..keys.len() {
                send(&mut typed, at)?;
            }
            prop_assert_eq!(through, keys);
        }
    }
}
