//! Writing what is wanted. Every write says the whole of what is ours, so that it can be said again after a crash between
//! any two of them: the Service, the Secret, the `StatefulSet`, and then whose the Secret is.

use domain::{AgentId, Explanation, Reason};
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{PersistentVolumeClaim, Pod, Secret, Service},
};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PropagationPolicy},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use super::{
    build,
    client::{Cluster, answer, answer_if_there},
    config::VolumePolicy,
    names,
};
use crate::{AgentSpec, CALL_DEADLINE, RuntimeError};

/// How long to wait for what was deleted to be gone, so that a call returns in time.
const REMOVE_DEADLINE: Duration = CALL_DEADLINE.saturating_sub(Duration::from_secs(3));
/// The first and the longest pause between two looks at what is left.
const REMOVE_PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

impl Cluster {
    /// Makes the agent's objects be as they shall be. At most four writes.
    pub async fn ensure(&self, spec: &AgentSpec) -> Result<(), RuntimeError> {
        const WHAT: &str = "starting the agent";
        let name = names::agent(spec.id);
        let sets = self.api::<StatefulSet>();
        let secrets = self.api::<Secret>();
        let set = self.own(WHAT, sets.get(&name), spec.id);
        let secret = self.own(WHAT, secrets.get_metadata(&name), spec.id);
        // A set would mount a foreign claim of this name, with whatever is in it, and wait for ever for the end of a foreign pod.
        let (claims, pods) = (self.api::<PersistentVolumeClaim>(), self.api::<Pod>());
        let (claim_name, pod_name) = (names::claim(spec.id), names::pod(spec.id));
        let claim = self.own(WHAT, claims.get_metadata(&claim_name), spec.id);
        let pod = self.own(WHAT, pods.get_metadata(&pod_name), spec.id);
        let (set, _, _, _) = tokio::try_join!(set, secret, claim, pod)?;
        if set.as_ref().is_some_and(|set| set.metadata.deletion_timestamp.is_some()) {
            // What is on its way out takes no new wishes.
            return Err(RuntimeError::Timeout("the end of the agent's earlier pod"));
        }
        self.write_service(WHAT, &PatchParams::apply(names::FIELD_MANAGER)).await?;
        // One that exists keeps its owner; a new one has none yet, and its pod must not wait for it.
        let owned = set.as_ref().and_then(build::owner);
        let known = owned.is_some();
        let secret = build::secret(&self.config, spec, owned);
        apply(WHAT, &secrets, &name, &secret).await?;
        let set = apply(WHAT, &sets, &name, &build::stateful_set(&self.config, spec)).await?;
        if !known {
            let secret = build::secret(&self.config, spec, build::owner(&set));
            apply(WHAT, &secrets, &name, &secret).await?;
        }
        Ok(())
    }

    /// The object of the agent, if there is one. One that is not ours is refused.
    async fn own<K: ResourceExt>(
        &self,
        what: &'static str,
        call: impl Future<Output = Result<K, kube::Error>>,
        id: AgentId,
    ) -> Result<Option<K>, RuntimeError> {
        match answer_if_there(what, call).await? {
            Some(object) if !self.is_ours(&object, id) => Err(taken(&object.name_any())),
            found => Ok(found),
        }
    }

    /// Asks the API server whether a write in the namespace would do. Nothing is kept of it.
    pub async fn try_write(&self, what: &'static str) -> Result<(), RuntimeError> {
        self.write_service(what, &PatchParams::apply(names::FIELD_MANAGER).dry_run()).await
    }

    /// Makes the one Service of all agents be as it shall be. It is not read before, which would need another permission: not
    /// by force, a write leaves alone what somebody else has made with this name.
    async fn write_service(&self, what: &'static str, params: &PatchParams) -> Result<(), RuntimeError> {
        write(what, &self.api::<Service>(), names::SERVICE, params, &build::service(&self.config)).await.map(drop)
    }

    /// Wants no pod. The claim stays.
    pub async fn stop(&self, id: AgentId) -> Result<(), RuntimeError> {
        self.want_no_pod("stopping the agent", id).await.map(drop)
    }

    /// Wants no pod, and says whether the cluster has taken note: from then on it makes nothing for this agent any more, not
    /// even what it was about to make.
    async fn want_no_pod(&self, what: &'static str, id: AgentId) -> Result<bool, RuntimeError> {
        let (sets, name) = (self.api::<StatefulSet>(), names::agent(id));
        let set = answer_if_there(what, sets.get(&name)).await?;
        // Nothing is made for a set that is on its way out.
        let Some(set) = set.filter(|set| self.is_ours(set, id) && set.metadata.deletion_timestamp.is_none()) else {
            return Ok(true);
        };
        if set.spec.as_ref().and_then(|spec| spec.replicas) == Some(0) {
            let seen = set.status.and_then(|status| status.observed_generation);
            return Ok(seen >= set.metadata.generation);
        }
        let patch = json!({ "spec": { "replicas": 0 } });
        let params = PatchParams { field_manager: Some(names::FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        answer_if_there(what, sets.patch(&name, &params, &Patch::Merge(patch))).await?;
        Ok(false)
    }

    /// Deletes everything and waits until it is gone.
    pub async fn remove(&self, id: AgentId) -> Result<(), RuntimeError> {
        const WHAT: &str = "deleting the agent";
        let deadline = Instant::now() + REMOVE_DEADLINE;
        let mut pause = REMOVE_PAUSES.0;
        loop {
            // A set that was deleted while the cluster works on it would leave a claim, or a pod, that comes afterwards.
            let settled = self.want_no_pod(WHAT, id).await?;
            if settled {
                // First what would make the others anew; it stays until its pod is gone.
                self.delete::<StatefulSet>(WHAT, id, &names::agent(id), PropagationPolicy::Foreground).await?;
                if self.config.volumes == VolumePolicy::Delete {
                    let claim = names::claim(id);
                    self.delete::<PersistentVolumeClaim>(WHAT, id, &claim, PropagationPolicy::Background).await?;
                }
                self.delete::<Secret>(WHAT, id, &names::agent(id), PropagationPolicy::Background).await?;
            }
            let left = self.left_of(id).await?;
            if left.is_empty() {
                self.runs.forget(id);
                return Ok(());
            }
            if Instant::now() + pause > deadline {
                tracing::debug!(agent = %id, ?left, "not gone yet");
                return Err(RuntimeError::Timeout("the end of the agent's pod"));
            }
            sleep(pause).await;
            pause = (pause * 2).min(REMOVE_PAUSES.1);
        }
    }

    async fn delete<K>(
        &self,
        what: &'static str,
        id: AgentId,
        name: &str,
        dependents: PropagationPolicy,
    ) -> Result<(), RuntimeError>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + DeserializeOwned,
    {
        let api: Api<K> = self.api();
        let Some(object) = answer_if_there(what, api.get_metadata(name)).await? else { return Ok(()) };
        if !self.is_ours(&object, id) || object.metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        // Only this very object: one that was made again meanwhile is somebody's new wish.
        let this_one = kube::api::Preconditions { uid: object.uid(), ..kube::api::Preconditions::default() };
        let params = DeleteParams {
            preconditions: Some(this_one),
            propagation_policy: Some(dependents),
            ..DeleteParams::default()
        };
        answer_if_there(what, api.delete(name, &params)).await?;
        Ok(())
    }
}

async fn apply<K>(what: &'static str, api: &Api<K>, name: &str, object: &K) -> Result<K, RuntimeError>
where
    K: Clone + std::fmt::Debug + DeserializeOwned + Serialize,
{
    // By force: the fields are ours. A stop leaves the number of replicas to us as well, under another kind of claim.
    write(what, api, name, &PatchParams::apply(names::FIELD_MANAGER).force(), object).await
}

async fn write<K>(
    what: &'static str,
    api: &Api<K>,
    name: &str,
    params: &PatchParams,
    object: &K,
) -> Result<K, RuntimeError>
where
    K: Clone + std::fmt::Debug + DeserializeOwned + Serialize,
{
    let call = async || api.patch(name, params, &Patch::Apply(object)).await;
    let insist = async {
        match call().await {
            // Somebody made it between the API server's look and its write, such as the one Service of agents that are launched
            // together. What is there now takes the wish.
            Err(kube::Error::Api(status)) if status.code == 409 => call().await,
            outcome => outcome,
        }
    };
    answer(what, insist).await
}

fn taken(name: &str) -> RuntimeError {
    let sentence = "Something in the cluster that AiWorker did not make has this agent's name. An operator must rename or delete it.";
    RuntimeError::Refused { reason: Reason::NameTaken, message: Explanation::join(sentence, name) }
}
