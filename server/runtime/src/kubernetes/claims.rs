//! Volume claims that somebody has asked to delete while their agents are up. The cluster keeps such a claim for as long as its
//! pod lasts; what is in it is lost with the pod.

use std::collections::HashSet;

use domain::AgentId;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::ResourceExt;

use super::{names, told::Knows};

/// The agents whose claims go with their pods.
#[derive(Debug, Default)]
pub(super) struct Going(HashSet<AgentId>);

impl Going {
    /// Whether this one's does.
    pub fn contains(&self, id: AgentId) -> bool {
        self.0.contains(&id)
    }
}

impl Knows<PersistentVolumeClaim> for Going {
    fn keep(&mut self, claim: &PersistentVolumeClaim) {
        let Some(id) = whose(claim) else { return };
        if claim.metadata.deletion_timestamp.is_some() {
            self.0.insert(id);
        } else {
            self.0.remove(&id);
        }
    }

    fn forget(&mut self, claim: &PersistentVolumeClaim) {
        if let Some(id) = whose(claim) {
            self.0.remove(&id);
        }
    }
}

/// The agent whose claim this is. A copy that somebody made, labels and all, is nobody's.
fn whose(claim: &PersistentVolumeClaim) -> Option<AgentId> {
    let id = claim.labels().get(names::AGENT_ID)?.parse().ok()?;
    (claim.name_any() == names::claim(id)).then_some(id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id() -> AgentId {
        AgentId::from_uuid(uuid::Uuid::from_u128(1))
    }

    fn claim(name: &str, is_going: bool) -> PersistentVolumeClaim {
        let deleted = is_going.then_some("2026-01-01T00:00:00Z");
        let metadata = json!({ "name": name, "deletionTimestamp": deleted, "labels": { names::AGENT_ID: id() } });
        serde_json::from_value(json!({ "metadata": metadata })).unwrap()
    }

    #[test]
    fn a_claim_goes_from_its_deletion_to_its_end() {
        let (mut going, name) = (Going::default(), names::claim(id()));
        going.keep(&claim(&name, false));
        assert!(!going.contains(id()));
        going.keep(&claim(&name, true));
        assert!(going.contains(id()));
        going.forget(&claim(&name, true));
        assert!(!going.contains(id()));
    }

    #[test]
    fn a_copy_of_a_claim_is_nobodys() {
        let mut going = Going::default();
        going.keep(&claim("a-copy", true));
        assert!(!going.contains(id()));
    }
}
