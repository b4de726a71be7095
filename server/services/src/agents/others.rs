//! What other servers on the same database did to agents: this server's open pages are told of it, and its reconciler looks.
//! They tell so themselves, and sooner (see [`neighbours`](crate::neighbours)); this counts on nobody's word.

use std::{sync::Arc, time::Duration};

use domain::LiveEvent;
use store::StoreError;

use crate::{Inner, clock::later};

/// How often it is asked whether anything has changed: one number.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Runs until it is dropped.
pub(super) async fn follow(inner: Arc<Inner>) {
    let mut known = None;
    loop {
        match look(&inner, known).await {
            Ok(changes) => known = Some(changes),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::debug!(error, "it could not be read what other servers did");
            }
        }
        inner.clock.sleep_until(later(inner.clock.now(), LOOK_EVERY)).await;
    }
}

/// Tells of everything that this server has not told itself. What is there at the first look is no news to anybody.
async fn look(inner: &Inner, known: Option<i64>) -> Result<i64, StoreError> {
    // The number first: what changes afterwards changes it again.
    let changes = inner.store.agent_changes().await?;
    if known == Some(changes) {
        return Ok(changes);
    }
    let agents = inner.store.all_agents().await?;
    let told = inner.live.compare(&agents);
    if known.is_some() {
        for agent in told.changed {
            inner.wake_ups.wake(agent.id);
            inner.live.tell(agent.user_id, LiveEvent::Agent(Box::new(agent)));
        }
        for (owner, id) in told.gone {
            inner.live.tell(owner, LiveEvent::AgentRemoved { id });
        }
    }
    Ok(changes)
}
