//! The one source of time. Production reads the system's; tests turn a clock by hand.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use domain::Timestamp;
use futures::future::BoxFuture;
use tokio::sync::oneshot;

/// Tells the time and waits for it to pass.
pub trait Clock: Send + Sync + 'static {
    /// The time, to the millisecond.
    fn now(&self) -> Timestamp;
    /// Ends when this clock shows `at` or later.
    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()>;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that is injected everywhere else")]
    fn now(&self) -> Timestamp {
        // A machine whose clock stands before 1970 gets the first moment.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        later(Timestamp::UNIX_EPOCH, since_epoch)
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(elapsed(self.now(), at)))
    }
}

/// A clock that stands still until it is advanced.
#[derive(Debug)]
pub struct ManualClock(Mutex<Hands>);

#[derive(Debug)]
struct Hands {
    now: Timestamp,
    /// Sleepers by the time they wake; the number keeps equal times apart.
    sleepers: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    next: u64,
}

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(Mutex::new(Hands { now, sleepers: BTreeMap::new(), next: 0 }))
    }

    /// How many wait for their time to come.
    pub fn sleepers(&self) -> usize {
        let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hands.sleepers.retain(|_, sleeper| !sleeper.is_closed());
        hands.sleepers.len()
    }

    /// Moves the clock and wakes those whose time has come.
    pub fn advance(&self, duration: Duration) {
        let woken = {
            let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            hands.now = later(hands.now, duration);
            let now = hands.now;
            let still_asleep = hands.sleepers.split_off(&(now, u64::MAX));
            std::mem::replace(&mut hands.sleepers, still_asleep)
        };
        for sleeper in woken.into_values() {
            // One that no longer waits has dropped its end.
            let _ = sleeper.send(());
        }
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).now
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        let (wake, woken) = oneshot::channel();
        let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if at <= hands.now {
            let _ = wake.send(());
        } else {
            let key = (at, hands.next);
            hands.next += 1;
            hands.sleepers.retain(|_, sleeper| !sleeper.is_closed());
            hands.sleepers.insert(key, wake);
        }
        Box::pin(async move {
            let _ = woken.await;
        })
    }
}

/// The answer of `work`, or nothing when it takes longer than `limit`.
pub(crate) async fn within<T>(clock: &dyn Clock, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let too_late = clock.sleep_until(later(clock.now(), limit));
    tokio::select! {
        biased;
        answer = work => Some(answer),
        () = too_late => None,
    }
}

/// `duration` after `time`; the end of time when there is no such moment.
pub(crate) fn later(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// How long ago `earlier` was at `now`; nothing when it lies ahead.
pub(crate) fn elapsed(earlier: Timestamp, now: Timestamp) -> Duration {
    now.saturating_duration_since(earlier)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn sleepers_wake_when_their_time_has_come_and_not_before() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        let mut short = clock.sleep_until(later(clock.now(), Duration::from_secs(1)));
        let mut long = clock.sleep_until(later(clock.now(), Duration::from_secs(3)));
        clock.advance(Duration::from_millis(999));
        assert!((&mut short).now_or_never().is_none());
        clock.advance(Duration::from_millis(1));
        assert!((&mut short).now_or_never().is_some());
        assert!((&mut long).now_or_never().is_none());
        clock.advance(Duration::from_secs(9));
        assert!((&mut long).now_or_never().is_some());
        assert_eq!(clock.now(), later(Timestamp::UNIX_EPOCH, Duration::from_secs(10)));
    }
}
