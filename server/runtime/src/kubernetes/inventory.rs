//! All that is ours in the cluster, whoever remembers it: found by label, each kind in one question.

use std::{collections::BTreeMap, fmt::Debug};

use domain::AgentId;
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
use crate::{Owned, RuntimeError};

const WHAT: &str = "looking for agents in the cluster";

impl Cluster {
    /// Every agent that has anything here.
    pub async fn inventory(&self) -> Result<Vec<Owned>, RuntimeError> {
        let mut found: BTreeMap<AgentId, Vec<String>> = BTreeMap::new();
        for (id, what) in self.list(&names::selector(&self.config.installation)).await? {
            found.entry(id).or_default().push(what);
        }
        let owned = |(agent_id, what): (AgentId, Vec<String>)| Owned { agent_id, description: what.join(", ") };
        Ok(found.into_iter().map(owned).collect())
    }

    /// What is left of one agent.
    pub async fn left_of(&self, id: AgentId) -> Result<Vec<String>, RuntimeError> {
        let left = self.list(&names::selector_of(&self.config.installation, id)).await?;
        Ok(left.into_iter().map(|(_, what)| what).collect())
    }

    async fn list(&self, selector: &str) -> Result<Vec<(AgentId, String)>, RuntimeError> {
        let (pods, sets, secrets) = tokio::try_join!(
            self.list_kind::<Pod>(selector),
            self.list_kind::<StatefulSet>(selector),
            self.list_kind::<Secret>(selector),
        )?;
        let mut all = [pods, sets, secrets].concat();
        // A claim that the operator wants kept belongs to nobody and is no orphan.
        if self.config.volumes == VolumePolicy::Delete {
            all.extend(self.list_kind::<PersistentVolumeClaim>(selector).await?);
        }
        Ok(all)
    }

    async fn list_kind<K>(&self, selector: &str) -> Result<Vec<(AgentId, String)>, RuntimeError>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
    {
        let api = self.api::<K>();
        let params = ListParams::default().labels(selector);
        let found = answer(WHAT, api.list_metadata(&params)).await?;
        let of = |object: &kube::core::PartialObjectMeta<K>| {
            let id = object.labels().get(names::AGENT_ID)?.parse().ok()?;
            Some((id, format!("{} {}", K::kind(&()), object.name_any())))
        };
        Ok(found.items.iter().filter_map(of).collect())
    }
}
