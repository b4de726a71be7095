//! Volume claims that somebody has asked to delete while their agents are up. The cluster keeps such a claim for as long as its
//! pod lasts; what is in it is lost with the pod.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::AgentId;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::{ResourceExt, runtime::watcher};

use super::names;

/// Whose claims are going.
#[derive(Debug, Default)]
pub(super) struct Claims(Mutex<State>);

/// By agent, the claim's identity.
type Going = HashMap<AgentId, String>;

#[derive(Debug, Default)]
struct State {
    going: Going,
    /// What a watch that begins anew has told so far: it takes the place of what was known once all is told.
    anew: Option<Going>,
}

impl Claims {
    /// Whether the agent's claim goes with its pod.
    pub fn is_going(&self, id: AgentId) -> bool {
        self.state().going.contains_key(&id)
    }

    /// Takes over what the watch told.
    pub fn take(&self, told: &watcher::Event<PersistentVolumeClaim>) {
        let mut state = self.state();
        match told {
            watcher::Event::Init => state.anew = Some(Going::default()),
            watcher::Event::InitApply(claim) => note(state.anew.get_or_insert_default(), claim),
            watcher::Event::InitDone => {
                if let Some(anew) = state.anew.take() {
                    state.going = anew;
                }
            }
            watcher::Event::Apply(claim) => note(&mut state.going, claim),
            watcher::Event::Delete(claim) => {
                let Some((id, uid)) = whose(claim) else { return };
                if state.going.get(&id) == Some(&uid) {
                    state.going.remove(&id);
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn note(going: &mut Going, claim: &PersistentVolumeClaim) {
    let Some((id, uid)) = whose(claim) else { return };
    if claim.metadata.deletion_timestamp.is_some() {
        going.insert(id, uid);
    } else {
        going.remove(&id);
    }
}

/// The agent whose claim this is, and the claim's identity. A copy that somebody made, labels and all, is nobody's.
fn whose(claim: &PersistentVolumeClaim) -> Option<(AgentId, String)> {
    let id = claim.labels().get(names::AGENT_ID)?.parse().ok()?;
    (claim.name_any() == names::claim(id)).then(|| (id, claim.uid().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id() -> AgentId {
        AgentId::from_uuid(uuid::Uuid::from_u128(1))
    }

    fn claim(uid: &str, is_going: bool) -> PersistentVolumeClaim {
        let deleted = is_going.then_some("2026-01-01T00:00:00Z");
        let metadata = json!({ "name": names::claim(id()), "uid": uid, "deletionTimestamp": deleted,
            "labels": { names::AGENT_ID: id() } });
        serde_json::from_value(json!({ "metadata": metadata })).unwrap()
    }

    #[test]
    fn a_claim_goes_from_its_deletion_to_its_end() {
        let claims = Claims::default();
        claims.take(&watcher::Event::Apply(claim("a", false)));
        assert!(!claims.is_going(id()));
        claims.take(&watcher::Event::Apply(claim("a", true)));
        assert!(claims.is_going(id()));
        claims.take(&watcher::Event::Delete(claim("a", true)));
        assert!(!claims.is_going(id()));
    }

    #[test]
    fn a_watch_that_begins_anew_is_believed_once_it_has_told_all() {
        let claims = Claims::default();
        claims.take(&watcher::Event::Init);
        claims.take(&watcher::Event::InitApply(claim("a", true)));
        assert!(!claims.is_going(id()));
        claims.take(&watcher::Event::InitDone);
        assert!(claims.is_going(id()));
        // It was cut; the claim has gone and another one has come meanwhile.
        for told in [watcher::Event::Init, watcher::Event::InitApply(claim("b", false)), watcher::Event::InitDone] {
            claims.take(&told);
        }
        assert!(!claims.is_going(id()));
    }

    #[test]
    fn a_copy_of_a_claim_is_nobodys() {
        let claims = Claims::default();
        let mut copy = claim("a", true);
        copy.metadata.name = Some("a-copy".to_owned());
        claims.take(&watcher::Event::Apply(copy));
        assert!(!claims.is_going(id()));
    }
}
