//! How much output may be under way to a browser: as much as its line carries while a byte travels, and a little more, so
//! that what comes last, such as the end of a flood after Ctrl+C, is never far behind. Pure: time comes in.

use std::time::Duration;

use tokio::time::Instant;

use super::limits::{QUEUE_FOR, ROUND_TRIP_MEMORY, WINDOW_FIRST, WINDOW_MAX, WINDOW_MIN};

/// The window of one connection.
#[derive(Debug)]
pub struct Window {
    limit: usize,
    /// Bytes per second that the browser was seen to parse when there was always more; 0 before there was.
    rate: f64,
    /// Bytes that were acknowledged.
    delivered: u64,
    sample: Option<Sample>,
    quickest: Quickest,
}

/// One frame that is followed on its way.
#[derive(Debug, Clone, Copy)]
struct Sample {
    /// It has arrived when this many bytes of the connection are acknowledged.
    until: u64,
    sent_at: Instant,
    delivered: u64,
    /// Whether more was waiting than could be sent: only then it says how much the line carries.
    full: bool,
}

/// The quickest round trip of the last time, as a minimum over two halves.
#[derive(Debug, Clone, Copy)]
struct Quickest {
    current: Duration,
    before: Duration,
    since: Instant,
}

impl Window {
    /// A window for a line of which nothing is known.
    pub fn new(now: Instant) -> Self {
        let quickest = Quickest { current: Duration::MAX, before: Duration::MAX, since: now };
        Self { limit: WINDOW_FIRST, rate: 0.0, delivered: 0, sample: None, quickest }
    }

    /// Bytes that may be under way.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Bytes that the browser parses in this time, as far as that is known.
    pub fn carries(&self, time: Duration) -> Option<usize> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
        (self.rate > 0.0).then_some((self.rate * time.as_secs_f64()) as usize)
    }

    /// What was under way will not be acknowledged.
    pub fn start_over(&mut self) {
        self.sample = None;
    }

    /// Output was sent. `in_flight` counts it; `full` says that the window is used up by it.
    pub fn sent(&mut self, in_flight: usize, full: bool, now: Instant) {
        if let Some(sample) = &mut self.sample {
            sample.full |= full;
        } else {
            let until = self.delivered + in_flight as u64;
            self.sample = Some(Sample { until, sent_at: now, delivered: self.delivered, full });
        }
    }

    /// So many more bytes were parsed. Says how long the followed frame was under way, if it has arrived now.
    pub fn acked(&mut self, bytes: usize, now: Instant) -> Option<Duration> {
        self.delivered += bytes as u64;
        let sample = self.sample.take_if(|sample| self.delivered >= sample.until)?;
        let took = now.saturating_duration_since(sample.sent_at).max(Duration::from_micros(1));
        self.quickest.note(took, now);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let rate = (self.delivered - sample.delivered) as f64 / took.as_secs_f64();
        if sample.full {
            self.rate = if self.rate > 0.0 { f64::midpoint(self.rate, rate) } else { rate };
        } else if self.rate > 0.0 {
            // It was not the line that limited this one: it says only what the line can do at least.
            self.rate = self.rate.max(rate);
        }
        let quickest = self.quickest.get();
        let ahead = quickest + QUEUE_FOR.max(quickest / 2);
        self.limit = self.carries(ahead).unwrap_or(WINDOW_FIRST).clamp(WINDOW_MIN, WINDOW_MAX);
        Some(took)
    }
}

impl Quickest {
    fn note(&mut self, took: Duration, now: Instant) {
        if now >= self.since + ROUND_TRIP_MEMORY / 2 {
            (self.before, self.current, self.since) = (self.current, Duration::MAX, now);
        }
        self.current = self.current.min(took);
    }

    fn get(&self) -> Duration {
        self.current.min(self.before)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn as_float(bytes: usize) -> f64 {
        bytes as f64
    }

    /// A line with a rate and a delay, and a sender that has always more. Gives back the rate that was reached in bytes per second
    /// and the longest time that a byte was under way, both after the line was learned.
    fn flood(rate: f64, delay: Duration, seconds: u64) -> (f64, Duration) {
        let start = Instant::now();
        let (mut now, mut window) = (start, Window::new(start));
        let (mut in_flight, mut line_free, mut acked) = (0, start, 0_usize);
        let mut under_way: VecDeque<(Instant, Instant, usize)> = VecDeque::new();
        let learned = start + Duration::from_secs(seconds) / 2;
        let mut slowest = Duration::ZERO;
        while now < start + Duration::from_secs(seconds) {
            while in_flight < window.limit() {
                let bytes = (window.limit() - in_flight).min(8 * 1024);
                in_flight += bytes;
                line_free = line_free.max(now) + Duration::from_secs_f64(as_float(bytes) / rate);
                under_way.push_back((now, line_free + delay, bytes));
                window.sent(in_flight, in_flight >= window.limit(), now);
            }
            let (sent, arrives, bytes) = under_way.pop_front().unwrap();
            now = arrives;
            in_flight -= bytes;
            window.acked(bytes, now);
            if now > learned {
                slowest = slowest.max(arrives - sent);
                acked += bytes;
            }
        }
        (as_float(acked) / (now - learned).as_secs_f64(), slowest)
    }

    #[test]
    fn a_slow_line_is_used_and_what_is_under_way_stays_short() {
        for (rate, delay) in [(200e3, 50), (1.25e6, 50), (1.25e6, 5), (50e3, 100), (200e3, 1)] {
            let delay = Duration::from_millis(delay);
            let (reached, slowest) = flood(rate, delay, 20);
            assert!(reached > rate * 0.8, "{rate} B/s, {delay:?}: {reached} B/s");
            // On a very slow line a single frame takes its time.
            let one = Duration::from_secs_f64(as_float(WINDOW_MIN) / rate) + delay;
            let most = Duration::from_millis(250).max(one * 3 / 2);
            assert!(slowest <= most, "{rate} B/s, {delay:?}: a byte was under way for {slowest:?}");
        }
    }

    proptest! {
        #[test]
        fn it_stays_within_its_bounds(steps in prop::collection::vec((1_usize..100_000, 0_u64..2_000, any::<bool>()), 0..100)) {
            let start = Instant::now();
            let (mut window, mut now) = (Window::new(start), start);
            for (bytes, millis, full) in steps {
                window.sent(bytes, full, now);
                now += Duration::from_millis(millis);
                window.acked(bytes, now);
                prop_assert!((WINDOW_MIN..=WINDOW_MAX).contains(&window.limit()));
            }
        }
    }
}
