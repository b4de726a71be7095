//! Watching: whenever something happens to an agent's objects, somebody looks at the agent. What is seen here is only a
//! reason to look; a watch that is late, cut or silent costs time and never truth.

use std::{fmt::Debug, sync::Arc};

use domain::{AgentId, Observation, Observed};
use futures::{Stream, StreamExt, TryStreamExt};
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

use super::{client::Cluster, happened::whose, names};

/// Begins to watch. The watches end with what is returned.
pub(super) fn begin(cluster: &Arc<Cluster>) -> JoinSet<()> {
    let mut watches = JoinSet::new();
    let selected = || watcher::Config::default().labels(&names::selector(&cluster.config.installation));
    watches.spawn(follow(Arc::clone(cluster), "pods", seen::<Pod>(cluster, selected())));
    watches.spawn(follow(Arc::clone(cluster), "stateful sets", seen::<StatefulSet>(cluster, selected())));
    watches.spawn(follow(Arc::clone(cluster), "claims", seen::<PersistentVolumeClaim>(cluster, selected())));
    // Events carry no labels: all of the namespace are read, and only ours are kept.
    let keeper = Arc::clone(cluster);
    let events = watcher(cluster.streaming::<Event>(), watcher::Config::default())
        .default_backoff()
        .modify(|event| event.metadata.managed_fields = None)
        .inspect_ok(move |event| keeper.happened.take(event))
        .map_ok(|event| agents_of(event, whose))
        .boxed();
    watches.spawn(follow(Arc::clone(cluster), "events", events));
    watches
}

/// Whom a step of a watch is about; nobody in particular when the watch began anew.
enum Step {
    Began,
    About(Vec<AgentId>),
}

fn seen<K>(
    cluster: &Cluster,
    config: watcher::Config,
) -> impl Stream<Item = Result<Step, watcher::Error>> + Send + Unpin + use<K>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static,
{
    let id = |object: &K| object.labels().get(names::AGENT_ID)?.parse().ok();
    watcher(cluster.streaming::<K>(), config).default_backoff().map_ok(move |event| agents_of(event, id)).boxed()
}

fn agents_of<K>(event: watcher::Event<K>, id: impl Fn(&K) -> Option<AgentId>) -> Step {
    match event {
        watcher::Event::Apply(object) | watcher::Event::Delete(object) | watcher::Event::InitApply(object) => {
            Step::About(id(&object).into_iter().collect())
        }
        watcher::Event::Init | watcher::Event::InitDone => Step::Began,
    }
}

/// Tells the listeners of everyone a watch is about. A cluster that falls silent concerns everyone it was about before.
async fn follow(
    cluster: Arc<Cluster>,
    what: &'static str,
    mut steps: impl Stream<Item = Result<Step, watcher::Error>> + Unpin,
) {
    let mut known = std::collections::BTreeSet::new();
    let mut broken = false;
    while let Some(step) = steps.next().await {
        match step {
            Ok(Step::About(ids)) => {
                known.extend(ids.iter().copied());
                for id in ids {
                    tell(&cluster, id);
                }
            }
            Ok(Step::Began) => {}
            Err(error) => {
                if !broken {
                    tracing::warn!(what, error = &error as &dyn std::error::Error, "a watch of the cluster was cut");
                    for id in &known {
                        tell(&cluster, *id);
                    }
                }
                broken = true;
                continue;
            }
        }
        if std::mem::take(&mut broken) {
            tracing::info!(what, "the watch of the cluster is back");
            for id in &known {
                tell(&cluster, *id);
            }
        }
    }
}

/// Something happened to the agent. What is for those who look to say; that it is starting is the least that can be.
fn tell(cluster: &Cluster, id: AgentId) {
    // Nobody listening is no error.
    let _ = cluster.events.send(Observation::plain(id, Observed::Starting));
}
