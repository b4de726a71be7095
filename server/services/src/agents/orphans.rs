//! What the runtime has and the database does not know: left over from a crash, or from a database that was replaced.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{AgentId, Timestamp};

use super::reconcile::Halt;
use crate::{Inner, clock::elapsed};

/// How long something without a row is left alone, and warned of in the log: time enough for a launch in flight, and
/// for an operator who started the server with the wrong database.
pub(super) const GRACE: Duration = Duration::from_mins(5);

/// Orphans and when they were first seen.
#[derive(Debug, Default)]
pub(super) struct Orphans(Mutex<HashMap<AgentId, Timestamp>>);

impl Orphans {
    /// Takes note of what has no row now, forgets what has one again, and returns what is new and what is overdue.
    fn note(&self, orphans: &HashSet<AgentId>, now: Timestamp) -> (Vec<AgentId>, Vec<AgentId>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|id, _| orphans.contains(id));
        let new: Vec<_> = orphans.iter().copied().filter(|id| !seen.contains_key(id)).collect();
        seen.extend(new.iter().map(|id| (*id, now)));
        let overdue = seen.iter().filter(|(_, since)| elapsed(**since, now) >= GRACE).map(|(id, _)| *id);
        (new, overdue.collect())
    }
}

impl Inner {
    /// Removes what the runtime has and nobody owns, after its grace time.
    pub(super) async fn remove_orphans(&self, orphans: &Orphans) -> Result<(), Halt> {
        let inventory = self.call_runtime("taking stock", self.runtime.inventory()).await?;
        // The rows are read last: an agent launched meanwhile has one.
        let rows: HashSet<_> = self.store.all_agents().await?.into_iter().map(|agent| agent.id).collect();
        let ownerless = inventory.iter().map(|owned| owned.agent_id).filter(|id| !rows.contains(id)).collect();
        let (new, overdue) = orphans.note(&ownerless, self.clock.now());
        for id in new {
            let what = inventory.iter().find(|owned| owned.agent_id == id).map(|owned| owned.description.as_str());
            tracing::warn!(agent.id = %id, what, grace_seconds = GRACE.as_secs(), "an agent without a row will be removed");
        }
        if overdue.is_empty() || self.store.user_count().await? == 0 {
            // A database without a single account is new. What is there belongs to another one.
            return Ok(());
        }
        for id in overdue {
            if self.store.agent_unscoped(id).await?.is_none() {
                self.call_runtime("removing an orphan", self.runtime.remove(id)).await?;
                tracing::info!(agent.id = %id, "an agent without a row was removed");
            }
        }
        Ok(())
    }
}
