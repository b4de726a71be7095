//! Waking agents that wait for a task: one bell for each owner, rung when a task may have become free.
//!
//! Nobody who waits asks the database by itself. Those who are let in first after a ring ask; when there is nothing, the
//! others take that as their answer until the next ring.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{UserId, tools::NoTask};
use tokio::sync::watch;

use crate::turns::Turns;

/// The bells of all owners.
#[derive(Debug, Default)]
pub(crate) struct Bells(Mutex<HashMap<UserId, Arc<Bell>>>);

/// An owner's bell.
#[derive(Debug)]
pub(crate) struct Bell {
    rings: watch::Sender<u64>,
    pub(crate) turns: Turns,
    /// The ring since which there is no task for anybody, and why.
    nothing: Mutex<Option<(u64, NoTask)>>,
}

impl Bells {
    pub(crate) fn of(&self, owner: UserId) -> Arc<Bell> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Bell { rings: watch::Sender::new(0), turns: Turns::default(), nothing: Mutex::default() };
        Arc::clone(bells.entry(owner).or_insert_with(|| Arc::new(new())))
    }

    /// A task of this owner may have become free.
    pub(crate) fn ring(&self, owner: UserId) {
        let bell = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&owner).cloned();
        if let Some(bell) = bell {
            bell.rings.send_modify(|rings| *rings += 1);
        }
    }

    /// Whether anybody waits.
    pub(crate) fn are_heard(&self) -> bool {
        let bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bells.values().any(|bell| Arc::strong_count(bell) > 1)
    }

    /// Rings wherever somebody waits: any task may have become free.
    pub(crate) fn ring_all(&self) {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bells.retain(|_, bell| Arc::strong_count(bell) > 1);
        for bell in bells.values() {
            bell.rings.send_modify(|rings| *rings += 1);
        }
    }
}

impl Bell {
    /// Hears every ring from now on.
    pub(crate) fn listen(&self) -> watch::Receiver<u64> {
        self.rings.subscribe()
    }

    /// Why there is no task since this ring, if somebody found out.
    pub(crate) fn nothing_since(&self, ring: u64) -> Option<NoTask> {
        let nothing = *self.nothing.lock().unwrap_or_else(PoisonError::into_inner);
        nothing.filter(|(known, _)| *known == ring).map(|(_, why)| why)
    }

    /// Somebody found out that there is no task since this ring.
    pub(crate) fn note_nothing(&self, ring: u64, why: NoTask) {
        *self.nothing.lock().unwrap_or_else(PoisonError::into_inner) = Some((ring, why));
    }
}
