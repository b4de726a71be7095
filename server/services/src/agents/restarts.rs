//! How often an agent that ends by itself is started again. Kept in memory: a restart of the server, or another one that
//! takes over, grants new tries.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{AgentId, Timestamp};

use super::{back_off, term::Term};
use crate::clock::{elapsed, later};

/// How often an agent is started again within [`WINDOW`].
pub(super) const MOST: usize = 3;
/// How long a restart counts.
pub(super) const WINDOW: Duration = Duration::from_mins(10);

/// Whether an agent may be started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Yes, after a wait; it is the so-manieth time.
    Again { number: usize, wait: Duration },
    /// No: it ends too often.
    Spent,
}

/// The restarts of one agent since somebody last asked for it to run.
#[derive(Debug)]
struct Restarts {
    generation: i64,
    at: VecDeque<Timestamp>,
    not_before: Timestamp,
}

/// What a reconciler keeps in mind: in which term it is, and the restarts of all agents.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// None where nobody else could reconcile, as in tests.
    term: Option<Arc<Term>>,
    restarts: Mutex<HashMap<AgentId, Restarts>>,
}

impl Ledger {
    /// For a new term.
    pub(super) fn in_term(term: &Arc<Term>) -> Self {
        Self { term: Some(Arc::clone(term)), restarts: Mutex::default() }
    }

    /// The number of the term, which every write names.
    pub(super) fn epoch(&self) -> Option<i64> {
        self.term.as_ref().map(|term| term.epoch())
    }

    /// Whether the runtime may be changed: a server whose term has ended must not, because another one may do so.
    pub(super) fn is_in_office(&self, now: Timestamp) -> bool {
        self.term.as_ref().is_none_or(|term| term.lasts(now))
    }

    /// Notes that the agent ended by itself, and decides.
    pub(super) fn ended(&self, id: AgentId, generation: i64, now: Timestamp, seed: u64) -> Verdict {
        let mut all = self.all();
        let fresh = || Restarts { generation, at: VecDeque::new(), not_before: now };
        let restarts = all.entry(id).or_insert_with(fresh);
        if restarts.generation != generation {
            // Somebody asked again: what was before is forgotten.
            *restarts = fresh();
        }
        restarts.at.retain(|at| elapsed(*at, now) < WINDOW);
        if restarts.at.len() >= MOST {
            return Verdict::Spent;
        }
        let number = restarts.at.len() + 1;
        let wait = back_off::wait(u32::try_from(restarts.at.len()).unwrap_or(u32::MAX), seed);
        restarts.at.push_back(now);
        restarts.not_before = later(now, wait);
        Verdict::Again { number, wait }
    }

    /// How long the agent must still wait before it is started again.
    pub(super) fn still_to_wait(&self, id: AgentId, generation: i64, now: Timestamp) -> Option<Duration> {
        let all = self.all();
        let restarts = all.get(&id).filter(|restarts| restarts.generation == generation)?;
        Some(elapsed(now, restarts.not_before)).filter(|wait| !wait.is_zero())
    }

    /// The agent is gone.
    pub(super) fn forget(&self, id: AgentId) {
        self.all().remove(&id);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<AgentId, Restarts>> {
        self.restarts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_restarts_within_ten_minutes_and_no_more() {
        let (ledger, id, start) = (Ledger::default(), AgentId::from_uuid(uuid::Uuid::nil()), Timestamp::UNIX_EPOCH);
        let ended = |generation, seconds| ledger.ended(id, generation, later(start, Duration::from_secs(seconds)), 20);
        for number in 1..=MOST {
            assert!(matches!(ended(1, 60), Verdict::Again { number: n, .. } if n == number));
        }
        assert_eq!(ended(1, 61), Verdict::Spent);
        assert!(matches!(ended(2, 61), Verdict::Again { number: 1, .. }), "a new generation begins anew");
        assert!(matches!(ended(2, 61 + 600), Verdict::Again { number: 1, .. }), "old restarts are forgotten");
        assert_eq!(
            ledger.still_to_wait(id, 2, later(start, Duration::from_secs(661))),
            Some(Duration::from_millis(800))
        );
        assert_eq!(ledger.still_to_wait(id, 2, later(start, Duration::from_secs(662))), None);
    }
}
