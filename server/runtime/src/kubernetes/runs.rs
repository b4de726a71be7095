//! For how long containers have been seen to run without their terminals, by this server's own steady clock. The cluster writes
//! when a container began, but by its node's clock, and what ours says of the time may jump.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::AgentId;
use k8s_openapi::api::core::v1::Pod;

use super::facts::{container, holds};

/// Runs that have no terminal yet, by agent: which run it is, and when it was seen first.
#[derive(Debug, Default)]
pub(super) struct Runs(Mutex<HashMap<AgentId, (String, Instant)>>);

impl Runs {
    /// Nothing is to be known of the agent any more.
    pub fn forget(&self, id: AgentId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// For how long the run of the agent's container in this pod has been known. Nothing when it does not run, and for
    /// a server that has just begun to look; what has its terminal is forgotten.
    pub fn known_for(&self, id: AgentId, pod: Option<&Pod>, now: Instant) -> Duration {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(run) = pod.filter(|pod| !holds(pod, "Ready")).and_then(run_of) else {
            known.remove(&id);
            return Duration::ZERO;
        };
        match known.get(&id) {
            Some((same, since)) if *same == run => now - *since,
            _ => {
                known.insert(id, (run, now));
                Duration::ZERO
            }
        }
    }
}

/// What tells a run of a container from every other one.
fn run_of(pod: &Pod) -> Option<String> {
    let status = container(pod)?;
    status.state.as_ref()?.running.as_ref()?;
    let uid = pod.metadata.uid.as_deref().unwrap_or_default();
    Some(format!("{uid} {}", status.restart_count))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LATER: Duration = Duration::from_secs(9);

    fn pod(ready: &str, restarts: i32, state: &serde_json::Value) -> Pod {
        let status = json!({ "name": "agent", "image": "i", "imageID": "", "ready": false, "restartCount": restarts,
            "state": state });
        let conditions = json!([{ "type": "Ready", "status": ready }]);
        let pod = json!({ "metadata": { "uid": "a" }, "status": { "conditions": conditions, "containerStatuses": [status] } });
        serde_json::from_value(pod).unwrap()
    }

    #[test]
    fn each_run_counts_from_when_it_was_seen_first_whatever_the_cluster_wrote() {
        let runs = Runs::default();
        let id = AgentId::from_uuid(uuid::Uuid::from_u128(1));
        let begun = Instant::now();
        let known_for = |pod: &Pod, now: Duration| runs.known_for(id, Some(pod), begun + now);
        // A node whose clock is years behind.
        let running = json!({ "running": { "startedAt": "1999-12-31T00:00:00Z" } });
        let (first, second) = (pod("False", 0, &running), pod("False", 1, &running));
        assert_eq!(known_for(&first, Duration::ZERO), Duration::ZERO);
        assert_eq!(known_for(&first, LATER), LATER);
        assert_eq!(known_for(&second, LATER), Duration::ZERO, "another run");
        assert_eq!(known_for(&second, 2 * LATER), LATER);
        assert_eq!(known_for(&pod("True", 1, &running), 2 * LATER), Duration::ZERO, "it has its terminal");
        assert_eq!(known_for(&second, 2 * LATER), Duration::ZERO, "it has lost it");
        assert_eq!(known_for(&pod("False", 1, &json!({ "waiting": {} })), 3 * LATER), Duration::ZERO);
        known_for(&second, 3 * LATER);
        runs.forget(id);
        assert!(runs.0.lock().unwrap().is_empty());
    }
}
