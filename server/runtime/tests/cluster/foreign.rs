//! Somebody else's objects that have names of ours: they are neither used, changed nor deleted, and the operator is told.

use std::fmt::Debug;

use domain::{Agent, Explanation, Observed, Reason};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::StatefulSet,
        core::v1::{PersistentVolumeClaim, Pod, Secret, Service},
    },
};
use kube::{
    Resource, ResourceExt,
    api::{DeleteParams, Patch, PatchParams},
};
use runtime::{AgentRuntime, AgentSpec, RuntimeError, kubernetes::preflight, process::Outcome};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::world::{World, create, eventually, spec};

/// Makes the object, and sees that the agent is refused because of it and leaves it alone.
async fn is_in_the_way<K>(world: &World, spec: &AgentSpec, name: &str, rest: Value)
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned + Serialize,
{
    let mut object = rest;
    object["metadata"] = json!({ "name": name, "labels": { "whose": "somebody-elses" } });
    let before = create(&world.api::<K>(), object).await;
    let refused = world.runtime.ensure(spec).await;
    let Err(RuntimeError::Refused { reason: Reason::NameTaken, message }) = refused else { panic!("{refused:?}") };
    assert!(message.contains(name), "{message}");
    assert_eq!(world.runtime.observe(spec.id).await.unwrap().state, Observed::Absent);
    world.runtime.stop(spec.id).await.unwrap();
    world.remove(spec.id).await;
    let after = world.api::<K>().get(name).await.unwrap();
    assert_eq!(after.uid(), before.uid(), "it is not ours to delete");
    assert_eq!(after.labels(), before.labels(), "it is not ours to change");
    assert_eq!(world.left().await, Vec::<String>::new(), "nothing is half done");
    world.api::<K>().delete(name, &DeleteParams::default().grace_period(0)).await.unwrap();
    // Of a claim the cluster first sees whether a pod has it.
    let is_gone = eventually(async || world.api::<K>().get_opt(name).await.unwrap().is_none().then_some(()));
    assert!(is_gone.await.is_some(), "{name} is away");
}

#[tokio::test(flavor = "multi_thread")]
async fn something_foreign_with_an_agents_name() {
    let world = World::new().await;
    let spec = spec();
    let pod = Agent::pod_name_of(spec.id);
    let name = pod.trim_end_matches("-0");
    let containers = json!([{ "name": "x", "image": "x" }]);
    let labels = json!({ "whose": "somebody-elses" });
    let set = json!({ "spec": { "replicas": 0, "serviceName": "x", "selector": { "matchLabels": labels },
        "template": { "metadata": { "labels": labels }, "spec": { "containers": containers } } } });
    is_in_the_way::<StatefulSet>(&world, &spec, name, set).await;
    is_in_the_way::<Secret>(&world, &spec, name, json!({ "stringData": { "precious": "yes" } })).await;
    // It waits for a node that there is not, so that no kubelet ends it in its own time.
    let waiting = json!({ "spec": { "containers": containers, "nodeSelector": { "no": "such-node" } } });
    is_in_the_way::<Pod>(&world, &spec, &pod, waiting).await;
    let claim = json!({ "spec": { "accessModes": ["ReadWriteOnce"], "storageClassName": "no-such-class",
        "resources": { "requests": { "storage": "1Gi" } } } });
    is_in_the_way::<PersistentVolumeClaim>(&world, &spec, &format!("workspace-{pod}"), claim).await;

    world.up(&spec).await;
    world.remove(spec.id).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_service_with_the_name_of_the_agents() {
    const NAME: &str = "aiworker-agents";
    let world = World::new().await;
    let spec = spec();
    let foreign = json!({ "metadata": { "name": NAME },
        "spec": { "selector": { "app": "a-shop" }, "ports": [{ "port": 80 }] } });
    let before = create(&world.api::<Service>(), foreign).await;
    let refused = world.runtime.ensure(&spec).await;
    let Err(RuntimeError::Refused { reason: Reason::NameTaken, message }) = refused else { panic!("{refused:?}") };
    assert!(Explanation::split(&message).raw.contains("conflict"), "{message}");
    assert_eq!(world.left().await, Vec::<String>::new(), "nothing is half done");
    assert_eq!(world.api::<Service>().get(NAME).await.unwrap().spec, before.spec, "the shop stays open");
    let checks = preflight(world.config.clone()).await;
    assert!(
        checks.iter().any(|check| check.name == "namespace" && matches!(&check.outcome, Outcome::Broken(_))),
        "{checks:?}"
    );

    // Once it is away, the agent comes up; and what somebody adds to ours later is no trouble.
    world.api::<Service>().delete(NAME, &DeleteParams::default()).await.unwrap();
    world.up(&spec).await;
    let note = Patch::Merge(json!({ "metadata": { "annotations": { "note": "by hand" } } }));
    world.api::<Service>().patch(NAME, &PatchParams::default(), &note).await.unwrap();
    world.runtime.ensure(&spec).await.unwrap();
    world.remove(spec.id).await;
    world.end().await;
}
