//! The server dies before and after every single write of a launch, a stop and a deletion. Another one that comes after it
//! makes everything be as it shall be. None of it needs a node.

use domain::Observed;
use futures::future::join_all;
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{PersistentVolumeClaim, Pod, Secret},
};
use kube::{
    ResourceExt,
    api::{DeleteParams, Patch, PatchParams},
};
use runtime::{AgentRuntime, AgentSpec, RuntimeError};

use crate::world::{World, eventually, spec};

/// Agents that are deleted right after their launch.
const HASTY: usize = 12;

/// One thing that a server does with an agent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Deed {
    Launch,
    Stop,
    Remove,
}

async fn does(deed: Deed, runtime: &impl AgentRuntime, spec: &AgentSpec) -> Result<(), RuntimeError> {
    match deed {
        Deed::Launch => runtime.ensure(spec).await.map(drop),
        Deed::Stop => runtime.stop(spec.id).await,
        Deed::Remove => runtime.remove(spec.id).await,
    }
}

/// Does it again and again, as the reconciler would.
async fn converges(deed: Deed, world: &World, spec: &AgentSpec) {
    let done = eventually(async || does(deed, &world.runtime, spec).await.ok());
    assert!(done.await.is_some(), "{deed:?} is done in the end");
}

async fn as_it_shall_be(deed: Deed, world: &World, spec: &AgentSpec) {
    let name = domain::Agent::pod_name_of(spec.id);
    let name = name.trim_end_matches("-0");
    if deed == Deed::Remove {
        assert_eq!(world.left().await, Vec::<String>::new());
        assert_eq!(world.runtime.inventory().await.unwrap(), []);
        return;
    }
    let set = world.api::<StatefulSet>().get(name).await.unwrap();
    let secret = world.api::<Secret>().get(name).await.unwrap();
    assert_eq!(secret.owner_references().first().map(|owner| owner.uid.clone()), set.uid(), "the secret goes with it");
    let replicas = set.spec.and_then(|spec| spec.replicas);
    assert_eq!(replicas, Some(i32::from(deed == Deed::Launch)));
    let inventory = world.runtime.inventory().await.unwrap();
    assert_eq!(inventory.iter().map(|owned| owned.agent_id).collect::<Vec<_>>(), [spec.id]);
}

/// Returns at how many moments the server died.
async fn die_at_every_moment(deed: Deed) -> usize {
    let world = World::new().await;
    let mut moment = 0;
    loop {
        let spec = spec();
        if deed != Deed::Launch {
            world.runtime.ensure(&spec).await.unwrap();
            let pod = domain::Agent::pod_name_of(spec.id);
            assert!(eventually(async || world.api::<Pod>().get(&pod).await.ok()).await.is_some(), "it has a pod");
        }
        let (wire, dying) = world.wired().await;
        wire.stick_at(moment);
        let survived = tokio::select! {
            outcome = does(deed, &dying, &spec) => { outcome.unwrap(); true }
            () = wire.stuck() => false,
        };
        drop((dying, wire));
        converges(deed, &world, &spec).await;
        as_it_shall_be(deed, &world, &spec).await;
        world.remove(spec.id).await;
        assert_eq!(world.left().await, Vec::<String>::new());
        if survived {
            world.end().await;
            return moment;
        }
        moment += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_at_any_write_of_a_launch() {
    // The Secret, the Service, the set, and whose the Secret is.
    assert_eq!(die_at_every_moment(Deed::Launch).await, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_at_any_write_of_a_stop() {
    assert_eq!(die_at_every_moment(Deed::Stop).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_at_any_write_of_a_deletion() {
    // The set and the claim at least; the Secret may have gone with its set.
    assert!(die_at_every_moment(Deed::Remove).await >= 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_takes_four_writes_and_looking_takes_none() {
    let world = World::new().await;
    let (wire, runtime) = world.wired().await;
    let spec = spec();
    runtime.ensure(&spec).await.unwrap();
    let writes = wire.writes();
    assert!(writes.len() <= 4, "{writes:?}");
    for _ in 0..3 {
        runtime.observe(spec.id).await.unwrap();
        runtime.inventory().await.unwrap();
    }
    assert_eq!(wire.writes(), Vec::<String>::new(), "a resync that changes nothing writes nothing");
    world.remove(spec.id).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_deleted_by_hand_is_made_again_by_the_next_start() {
    let world = World::new().await;
    let spec = spec();
    world.runtime.ensure(&spec).await.unwrap();
    let pod = domain::Agent::pod_name_of(spec.id);
    let name = pod.trim_end_matches("-0");
    let claim = format!("workspace-{pod}");
    assert!(eventually(async || world.api::<PersistentVolumeClaim>().get(&claim).await.ok()).await.is_some());
    let now = DeleteParams::default().grace_period(0);
    world.api::<Secret>().delete(name, &now).await.unwrap();
    world.runtime.ensure(&spec).await.unwrap();
    let secret = world.api::<Secret>().get(name).await.unwrap();
    assert_eq!(secret.owner_references().len(), 1, "the new secret goes with the set, too");

    world.api::<StatefulSet>().delete(name, &now).await.unwrap();
    let is_down = eventually(async || {
        let seen = world.runtime.observe(spec.id).await.unwrap().state;
        matches!(seen, Observed::Stopped | Observed::Absent).then_some(())
    });
    assert!(is_down.await.is_some(), "it is seen to be down");
    world.api::<PersistentVolumeClaim>().delete(&claim, &now).await.unwrap();
    let again = eventually(async || world.runtime.ensure(&spec).await.ok());
    assert!(again.await.is_some());
    let made = eventually(async || {
        let claim = world.api::<PersistentVolumeClaim>().get(&claim).await.ok()?;
        claim.metadata.deletion_timestamp.is_none().then_some(())
    });
    assert!(made.await.is_some(), "its volume is made anew");
    world.remove(spec.id).await;
    assert_eq!(world.left().await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_while_the_cluster_is_still_making_it_leaves_nothing() {
    let world = World::new().await;
    let launch_and_delete = async |number: usize| {
        let spec = spec();
        world.runtime.ensure(&spec).await.unwrap();
        let pod = domain::Agent::pod_name_of(spec.id);
        let has_come = eventually(async || match number % 3 {
            0 => Some(()),
            1 => world.api::<PersistentVolumeClaim>().get(&format!("workspace-{pod}")).await.ok().map(drop),
            _ => world.api::<Pod>().get(&pod).await.ok().map(drop),
        });
        assert!(has_come.await.is_some(), "the cluster begins with it");
        world.remove(spec.id).await;
    };
    join_all((0..HASTY).map(launch_and_delete)).await;
    // The cluster works through what is wanted of it: once this one has its pod, nothing of the others is on its way.
    let last = spec();
    world.runtime.ensure(&last).await.unwrap();
    let pod = domain::Agent::pod_name_of(last.id);
    assert!(eventually(async || world.api::<Pod>().get(&pod).await.ok()).await.is_some(), "the last one has a pod");
    world.remove(last.id).await;
    assert_eq!(world.left().await, Vec::<String>::new());
    world.end().await;
}

/// Where nothing but the test says what the cluster has taken note of.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_deleted_before_the_cluster_knows_that_no_pod_is_wanted() {
    let Some(world) = World::bare().await else { return };
    let spec = spec();
    world.runtime.ensure(&spec).await.unwrap();
    let name = domain::Agent::pod_name_of(spec.id);
    let name = name.trim_end_matches("-0");
    let sets = world.api::<StatefulSet>();
    let outcome = world.runtime.remove(spec.id).await;
    assert!(matches!(outcome, Err(RuntimeError::Timeout(_))), "{outcome:?}");
    let set = sets.get(name).await.unwrap();
    assert_eq!(set.metadata.deletion_timestamp, None, "the cluster may be making its claim just now");
    assert_eq!(set.spec.and_then(|spec| spec.replicas), Some(0));

    let noted = serde_json::json!({ "status": { "replicas": 0, "observedGeneration": set.metadata.generation } });
    sets.patch_status(name, &PatchParams::default(), &Patch::Merge(noted)).await.unwrap();
    // Nobody is there who would take away a set whose pods are gone: it stays marked.
    let outcome = world.runtime.remove(spec.id).await;
    assert!(matches!(outcome, Err(RuntimeError::Timeout(_))), "{outcome:?}");
    assert!(sets.get(name).await.unwrap().metadata.deletion_timestamp.is_some(), "now it is deleted");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_copy_with_our_labels_is_neither_ours_nor_in_the_way() {
    let world = World::new().await;
    let spec = spec();
    world.runtime.ensure(&spec).await.unwrap();
    let name = domain::Agent::pod_name_of(spec.id);
    let ours = world.api::<Secret>().get(name.trim_end_matches("-0")).await.unwrap();
    let copy = serde_json::json!({ "metadata": { "name": "a-copy", "labels": ours.labels() } });
    crate::world::create(&world.api::<Secret>(), copy).await;
    world.remove(spec.id).await;
    assert!(world.api::<Secret>().get("a-copy").await.is_ok(), "it is not ours to delete");
    assert_eq!(world.runtime.inventory().await.unwrap(), []);
    world.end().await;
}
