//! Watching: whenever something happens to an agent's objects, somebody looks at the agent. What is seen here is only a
//! reason to look; a watch that is late, cut or silent costs time and never truth. Why a pod ended is the exception: it is
//! gone when somebody looks.

use std::{collections::HashMap, fmt::Debug, sync::Arc};

use domain::{AgentId, Observation, Observed};
use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::StatefulSet,
        core::v1::{Event, PersistentVolumeClaim, Pod},
    },
};
use kube::{
    Resource, ResourceExt,
    runtime::{
        WatchStreamExt,
        watcher::{self, watcher},
    },
};
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;

use super::{classify, client::Cluster, happened::whose, names};

/// Begins to watch. The watches end with what is returned.
pub(super) fn begin(cluster: &Arc<Cluster>) -> JoinSet<()> {
    let mut watches = JoinSet::new();
    let selected = || watcher::Config::default().labels(&names::selector(&cluster.config.installation));
    let mut ends = Ends::default();
    let pods =
        seen::<Pod>(cluster, selected()).map_ok(move |event| about(event, |pod, is_gone| ends.told(pod, is_gone)));
    watches.spawn(follow(Arc::clone(cluster), "pods", pods));
    let sets = seen::<StatefulSet>(cluster, selected()).map_ok(|event| about(event, |set, _| labelled(set).map(news)));
    watches.spawn(follow(Arc::clone(cluster), "stateful sets", sets));
    let keeper = Arc::clone(cluster);
    let claims = seen::<PersistentVolumeClaim>(cluster, selected())
        .inspect_ok(move |event| keeper.going_claims.take(event))
        .map_ok(|event| about(event, |claim, _| labelled(claim).map(news)));
    watches.spawn(follow(Arc::clone(cluster), "claims", claims));
    // Events carry no labels: all of the namespace are read, and only ours are kept.
    let keeper = Arc::clone(cluster);
    let events = seen::<Event>(cluster, watcher::Config::default())
        .modify(|event| event.metadata.managed_fields = None)
        .inspect_ok(move |event| keeper.happened.take(event))
        .map_ok(|event| about(event, |event, _| whose(event).map(news)));
    watches.spawn(follow(Arc::clone(cluster), "events", events));
    watches
}

fn seen<K>(cluster: &Cluster, config: watcher::Config) -> BoxStream<'static, Result<watcher::Event<K>, watcher::Error>>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static,
{
    watcher(cluster.streaming::<K>(), config).default_backoff().boxed()
}

/// What `say` makes of an object, which is told whether it is gone; nothing when the watch merely began anew.
fn about<K>(event: watcher::Event<K>, mut say: impl FnMut(&K, bool) -> Option<Observation>) -> Option<Observation> {
    match event {
        watcher::Event::Apply(object) | watcher::Event::InitApply(object) => say(&object, false),
        watcher::Event::Delete(object) => say(&object, true),
        watcher::Event::Init | watcher::Event::InitDone => None,
    }
}

/// The agent whose object this is.
fn labelled(object: &impl ResourceExt) -> Option<AgentId> {
    object.labels().get(names::AGENT_ID)?.parse().ok()
}

/// Something happened to the agent. What is for those who look to say; that it is starting is the least that can be.
fn news(id: AgentId) -> Observation {
    Observation::plain(id, Observed::Starting)
}

/// Pods that have ended for good and were told of, by agent: each is told of once, however often it is seen afterwards.
#[derive(Debug, Default)]
struct Ends(HashMap<AgentId, String>);

impl Ends {
    fn told(&mut self, pod: &Pod, is_gone: bool) -> Option<Observation> {
        let id = labelled(pod)?;
        // Somebody may have made a copy, labels and all.
        let is_its_own = pod.metadata.name.as_ref() == Some(&names::pod(id));
        let (Some(end), Some(uid), true) = (classify::end(id, pod), &pod.metadata.uid, is_its_own) else {
            return Some(news(id));
        };
        let is_known = self.0.get(&id) == Some(uid);
        if is_gone {
            self.0.remove(&id);
        } else {
            self.0.insert(id, uid.clone());
        }
        Some(if is_known { news(id) } else { end })
    }
}

/// Tells the listeners of everyone a watch is about. A cluster that falls silent concerns everyone it was about before.
async fn follow(
    cluster: Arc<Cluster>,
    what: &'static str,
    mut steps: impl Stream<Item = Result<Option<Observation>, watcher::Error>> + Unpin,
) {
    let mut known = std::collections::BTreeSet::new();
    let mut broken = false;
    while let Some(step) = steps.next().await {
        match step {
            Ok(Some(seen)) => {
                known.insert(seen.agent_id);
                tell(&cluster, seen);
            }
            Ok(None) => {}
            Err(error) => {
                if !broken {
                    tracing::warn!(what, error = &error as &dyn std::error::Error, "a watch of the cluster was cut");
                    for id in &known {
                        tell(&cluster, news(*id));
                    }
                }
                broken = true;
                continue;
            }
        }
        if std::mem::take(&mut broken) {
            tracing::info!(what, "the watch of the cluster is back");
            for id in &known {
                tell(&cluster, news(*id));
            }
        }
    }
}

fn tell(cluster: &Cluster, seen: Observation) {
    // Nobody listening is no error.
    let _ = cluster.events.send(seen);
}

#[cfg(test)]
mod tests {
    use domain::Reason;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use serde_json::json;

    use super::*;

    fn pod(uid: &str, phase: &str) -> Pod {
        let id = AgentId::from_uuid(uuid::Uuid::from_u128(1));
        let metadata = json!({ "name": names::pod(id), "uid": uid, "labels": { names::AGENT_ID: id } });
        let status = json!({ "phase": phase, "reason": "Evicted", "message": "low on memory" });
        serde_json::from_value(json!({ "metadata": metadata, "status": status })).unwrap()
    }

    #[test]
    fn each_end_is_told_once() {
        let mut ends = Ends::default();
        let mut told = |uid, phase, is_gone| ends.told(&pod(uid, phase), is_gone).unwrap();
        assert_eq!(told("a", "Running", false).state, Observed::Starting);
        let end = told("a", "Failed", false);
        assert_eq!((end.state, end.reason), (Observed::Failed, Some(Reason::Evicted)));
        assert!(end.message.contains("low on memory"), "{}", end.message);
        assert_eq!(told("a", "Failed", false).state, Observed::Starting);
        assert_eq!(told("a", "Failed", true).state, Observed::Starting);
        assert_eq!(told("b", "Running", false).state, Observed::Starting);
        // Nothing was seen of this one before it was deleted.
        assert_eq!(told("b", "Failed", true).state, Observed::Failed);
        assert_eq!(told("c", "Failed", false).state, Observed::Failed);
        assert!(ends.0.len() == 1);
    }

    #[test]
    fn what_somebody_deleted_or_copied_tells_of_no_end() {
        let mut deleted = pod("a", "Failed");
        deleted.status.as_mut().unwrap().reason = None;
        deleted.metadata.deletion_timestamp = Some(Time(k8s_openapi::jiff::Timestamp::UNIX_EPOCH));
        let mut copy = pod("a", "Failed");
        copy.metadata.name.as_mut().unwrap().push_str("-copy");
        for pod in [deleted, copy] {
            assert_eq!(Ends::default().told(&pod, false).unwrap().state, Observed::Starting);
        }
    }
}
