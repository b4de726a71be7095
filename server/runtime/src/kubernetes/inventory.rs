//! All that is ours in the cluster, whoever remembers it: found by label, each kind in one question. Ours is what has our
//! installation's label and the name that this runtime gives; a copy that somebody made of a pod, labels and all, is theirs.

use std::{collections::BTreeMap, fmt::Debug};

use domain::{AgentId, Observation};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::StatefulSet,
        core::v1::{PersistentVolumeClaim, Pod, Secret},
    },
};
use kube::{Resource, ResourceExt, api::ListParams};
use serde::de::DeserializeOwned;

use super::{
    client::{Cluster, answer},
    config::VolumePolicy,
    names,
};
use crate::{MadeFor, Owned, RuntimeError};

const WHAT: &str = "looking for agents in the cluster";
/// Pods of one answer: about a megabyte of it.
const PODS_AT_ONCE: u32 = 100;

/// One object that is ours.
struct Found {
    agent_id: AgentId,
    what: String,
    made_for: Option<MadeFor>,
    up: Option<Observation>,
}

impl Cluster {
    /// Every agent that has anything here.
    pub async fn inventory(&self) -> Result<Vec<Owned>, RuntimeError> {
        let mut all: BTreeMap<AgentId, Owned> = BTreeMap::new();
        for Found { agent_id, what, made_for, up } in self.list(&names::selector(&self.config.installation)).await? {
            let owned = || Owned { agent_id, description: String::new(), made_for: None, up: None };
            let owned = all.entry(agent_id).or_insert_with(owned);
            owned.up = owned.up.take().or(up);
            if !owned.description.is_empty() {
                owned.description.push_str(", ");
            }
            owned.description.push_str(&what);
            // Only a set carries the name; without one, the id must do.
            let is_better = made_for.as_ref().is_some_and(|made_for| !made_for.name.is_empty());
            if is_better || owned.made_for.is_none() {
                owned.made_for = made_for;
            }
        }
        Ok(all.into_values().collect())
    }

    /// What is left of one agent.
    pub async fn left_of(&self, id: AgentId) -> Result<Vec<String>, RuntimeError> {
        let left = self.list(&names::selector_of(&self.config.installation, id)).await?;
        Ok(left.into_iter().map(|found| found.what).collect())
    }

    async fn list(&self, selector: &str) -> Result<Vec<Found>, RuntimeError> {
        let (mut all, sets, secrets) = tokio::try_join!(
            self.list_pods(selector),
            self.list_kind::<StatefulSet>(selector, names::agent),
            self.list_kind::<Secret>(selector, names::agent),
        )?;
        all.extend(sets.into_iter().chain(secrets));
        // A claim that the operator wants kept belongs to nobody and is no orphan.
        if self.config.volumes == VolumePolicy::Delete {
            all.extend(self.list_kind::<PersistentVolumeClaim>(selector, names::claim).await?);
        }
        Ok(all)
    }

    async fn list_kind<K>(&self, selector: &str, name: fn(AgentId) -> String) -> Result<Vec<Found>, RuntimeError>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
    {
        let api = self.api::<K>();
        let params = ListParams::default().labels(selector);
        let found = answer(WHAT, api.list_metadata(&params)).await?;
        let of = |object: &kube::core::PartialObjectMeta<K>| {
            let agent_id = object.labels().get(names::AGENT_ID)?.parse().ok()?;
            let is_ours = object.name_any() == name(agent_id);
            let what = || format!("{} {}", K::kind(&()), object.name_any());
            is_ours.then(|| Found { agent_id, what: what(), made_for: names::made_for(object), up: None })
        };
        Ok(found.items.iter().filter_map(of).collect())
    }

    /// Pods are read whole: what is up is seen in them, and need not be asked for one by one.
    async fn list_pods(&self, selector: &str) -> Result<Vec<Found>, RuntimeError> {
        let api = self.api::<Pod>();
        let mut params = ListParams::default().labels(selector).limit(PODS_AT_ONCE);
        let mut all = Vec::new();
        loop {
            let found = answer(WHAT, api.list(&params)).await?;
            let of = |pod: Pod| {
                let agent_id = pod.labels().get(names::AGENT_ID)?.parse().ok()?;
                let is_ours = pod.name_any() == names::pod(agent_id);
                let (what, made_for) = (format!("Pod {}", pod.name_any()), names::made_for(&pod));
                is_ours.then(|| Found { agent_id, what, made_for, up: self.seen_up(agent_id, pod) })
            };
            all.extend(found.items.into_iter().filter_map(of));
            match found.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => return Ok(all),
            }
        }
    }
}
