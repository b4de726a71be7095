//! Terms: of all servers on one database, the one in office reconciles. The others wait until its term ends: because it gave
//! it up, because it was not prolonged, or because nobody has seen it prolonged for as long as a term lasts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use domain::Timestamp;
use store::{StoreError, TakeTerm};

use crate::{
    Inner,
    clock::{elapsed, later},
};

/// How long a term lasts that is not prolonged.
pub(super) const LASTS: Duration = Duration::from_secs(15);
/// How often the server in office prolongs its term.
pub(super) const PROLONG_EVERY: Duration = Duration::from_secs(5);
/// How often the others look whether it is over.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(2);

/// This server's term.
#[derive(Debug)]
pub(super) struct Term {
    epoch: i64,
    until: AtomicI64,
}

impl Term {
    pub(super) fn new(epoch: i64, until: Timestamp) -> Arc<Self> {
        Arc::new(Self { epoch, until: AtomicI64::new(until.as_millisecond()) })
    }

    /// Its number, which every write names.
    pub(super) fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Whether it has not ended by this server's own clock.
    pub(super) fn lasts(&self, now: Timestamp) -> bool {
        now.as_millisecond() < self.until.load(Ordering::Acquire)
    }

    fn prolong(&self, until: Timestamp) {
        self.until.store(until.as_millisecond(), Ordering::Release);
    }
}

/// What was last seen of another server's term, and since when nothing else.
#[derive(Debug, Default)]
pub(super) struct Watched(Option<((i64, i64), Timestamp)>);

impl Watched {
    /// Whether the other one has not been heard of for the length of a term. Clocks of two servers may differ; this one's
    /// own tells how long nothing has changed.
    fn is_silent(&self, now: Timestamp) -> bool {
        self.0.is_some_and(|(_, since)| elapsed(since, now) >= LASTS)
    }

    fn saw(&mut self, what: (i64, i64), now: Timestamp) {
        if self.0.is_none_or(|(known, _)| known != what) {
            self.0 = Some((what, now));
        }
    }
}

impl Inner {
    /// Begins a term if there is none. Notes otherwise what was seen.
    pub(super) async fn take_office(&self, me: &str, watched: &mut Watched) -> Result<Option<Arc<Term>>, StoreError> {
        let now = self.clock.now();
        let until = later(now, LASTS);
        match self.store.take_term(me, now, until, watched.is_silent(now)).await? {
            TakeTerm::Held(epoch) => {
                *watched = Watched::default();
                Ok(Some(Term::new(epoch, until)))
            }
            TakeTerm::HeldByAnother(epoch, until) => {
                watched.saw((epoch, until), now);
                Ok(None)
            }
        }
    }

    /// Prolongs the term until that fails for too long, or somebody else has one.
    pub(super) async fn stay_in_office(&self, me: &str, term: &Term) {
        loop {
            self.clock.sleep_until(later(self.clock.now(), PROLONG_EVERY)).await;
            let now = self.clock.now();
            let until = later(now, LASTS);
            match self.store.take_term(me, now, until, false).await {
                Ok(TakeTerm::Held(epoch)) if epoch == term.epoch() => term.prolong(until),
                Ok(_) => {
                    tracing::warn!("another server reconciles now");
                    return;
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "this server's term as the reconciler could not be prolonged");
                    if !term.lasts(now) {
                        return;
                    }
                }
            }
        }
    }
}
