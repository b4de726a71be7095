//! Lets through at most ten sizes a second, and always the last one. Pure: time comes in.

use domain::terminal::Size;
use tokio::time::Instant;

use super::limits::RESIZE_EVERY;

/// The sizes of one attachment.
#[derive(Debug)]
pub struct ResizeGate {
    in_force: Size,
    wanted: Size,
    sent_at: Option<Instant>,
}

impl ResizeGate {
    /// Starts from the size that the terminal was attached with.
    pub fn new(size: Size) -> Self {
        Self { in_force: size, wanted: size, sent_at: None }
    }

    /// Asks for a size.
    pub fn want(&mut self, size: Size) {
        self.wanted = size;
    }

    /// The size that was asked for last.
    pub fn wanted(&self) -> Size {
        self.wanted
    }

    /// The size that was sent last.
    pub fn in_force(&self) -> Size {
        self.in_force
    }

    /// When [`Self::take_due`] has something to give. `None` while the wanted size is in force.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        (self.wanted != self.in_force).then(|| self.sent_at.map_or(now, |at| at + RESIZE_EVERY))
    }

    /// The size to send now, if any.
    pub fn take_due(&mut self, now: Instant) -> Option<Size> {
        if self.deadline(now)? > now {
            return None;
        }
        self.in_force = self.wanted;
        self.sent_at = Some(now);
        Some(self.wanted)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_size_is_not_sent_twice() {
        let now = Instant::now();
        let mut gate = ResizeGate::new(Size { cols: 80, rows: 24 });
        gate.want(Size { cols: 80, rows: 24 });
        assert_eq!(gate.take_due(now), None);
        gate.want(Size { cols: 81, rows: 24 });
        assert_eq!(gate.take_due(now), Some(Size { cols: 81, rows: 24 }));
        assert_eq!(gate.take_due(now + RESIZE_EVERY), None);
    }

    proptest! {
        #[test]
        fn a_storm_is_thinned_and_its_last_size_arrives(sizes in prop::collection::vec((10_u16..500, 0_u64..30), 1..200)) {
            let start = Instant::now();
            let mut gate = ResizeGate::new(Size { cols: 9, rows: 9 });
            let (mut now, mut sent, mut last) = (start, Vec::new(), 0);
            for (cols, pause) in sizes {
                now += Duration::from_millis(pause);
                gate.want(Size { cols, rows: 24 });
                last = cols;
                sent.extend(gate.take_due(now).map(|size| (now, size)));
            }
            if let Some(deadline) = gate.deadline(now) {
                sent.extend(gate.take_due(deadline).map(|size| (deadline, size)));
            }
            prop_assert_eq!(gate.deadline(now), None);
            prop_assert!(sent.windows(2).all(|pair| pair[1].0 >= pair[0].0 + RESIZE_EVERY));
            prop_assert_eq!(sent.last().map(|(_, size)| size.cols), Some(last));
        }
    }
}
