//! Watches that are cut, told that they ask for the past, told everything twice, or told nothing; and an API server that goes
//! away and comes back. None of it needs a node; with one, the agent may be up already when it is looked at.

use std::time::Duration;

use domain::{AgentId, Observation, Observed};
use futures::{StreamExt as _, stream::BoxStream};
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{Event, Pod},
};
use kube::api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use runtime::{AgentRuntime, RuntimeError, kubernetes::KubernetesRuntime};
use serde_json::json;
use tokio::time::timeout;

use crate::{
    wire::Wire,
    world::{DEADLINE, World, eventually, spec},
};

/// How long a watch may take to be back after the API server is. Its pauses grow up to 30 s, and a fifth more.
const BACK: Duration = Duration::from_secs(45);

/// Changes something about the agent's set that means nothing.
async fn touch(world: &World, id: AgentId, value: &str) {
    let patch = json!({ "metadata": { "annotations": { "test/touched": value } } });
    let name = domain::Agent::pod_name_of(id);
    let sets = world.api::<StatefulSet>();
    sets.patch(name.trim_end_matches("-0"), &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
}

fn is_about(event: &Event, id: AgentId) -> bool {
    let name = domain::Agent::pod_name_of(id);
    event.involved_object.name.as_ref().is_some_and(|about| about.contains(name.trim_end_matches("-0")))
}

/// Whether somebody who looks finds the agent on its way up or up.
async fn is_seen(runtime: &KubernetesRuntime, id: AgentId) -> bool {
    matches!(runtime.observe(id).await.unwrap().state, Observed::Starting | Observed::Running)
}

async fn told_of(events: &mut BoxStream<'static, Observation>, id: AgentId, within: Duration) -> bool {
    let told = async { while events.next().await.is_some_and(|seen| seen.agent_id != id) {} };
    timeout(within, told).await.is_ok()
}

/// Reads what was told already.
async fn drain(events: &mut BoxStream<'static, Observation>) {
    while timeout(Duration::from_secs(2), events.next()).await.is_ok() {}
}

/// A world whose runtime is behind a wire, with an agent in it that the watches have told of.
async fn watched() -> (World, Wire, KubernetesRuntime, AgentId, BoxStream<'static, Observation>) {
    let world = World::new().await;
    let (wire, runtime) = world.wired().await;
    let spec = spec();
    let mut events = runtime.events();
    runtime.ensure(&spec).await.unwrap();
    assert!(told_of(&mut events, spec.id, DEADLINE).await, "the watches tell of it");
    drain(&mut events).await;
    (world, wire, runtime, spec.id, events)
}

async fn end(world: World, wire: Wire, id: AgentId) {
    wire.heal();
    world.remove(id).await;
    assert_eq!(world.left().await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_is_cut_is_taken_up_again() {
    let (world, wire, _runtime, id, mut events) = watched().await;
    let before = wire.watches();
    wire.cut();
    assert!(eventually(async || (wire.watches() >= before + 4).then_some(())).await.is_some(), "all four are back");
    touch(&world, id, "after the cut").await;
    assert!(told_of(&mut events, id, DEADLINE).await);
    end(world, wire, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_whose_past_is_forgotten_reads_everything_again() {
    let (world, wire, runtime, id, mut events) = watched().await;
    // What happens while nobody watches would never be told again.
    wire.forget(8);
    wire.cut();
    touch(&world, id, "unseen").await;
    assert!(told_of(&mut events, id, DEADLINE).await, "the new list tells of it");
    assert!(is_seen(&runtime, id).await);
    end(world, wire, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_twice_is_true_once() {
    let (world, wire, runtime, id, mut events) = watched().await;
    wire.repeat();
    wire.cut();
    touch(&world, id, "twice").await;
    assert!(told_of(&mut events, id, DEADLINE).await);
    drain(&mut events).await;
    // As often as the cluster has it: a scheduler may say the same of a pod in two events.
    let mut last = Vec::new();
    let same = eventually(async || {
        let seen = runtime.observe(id).await.unwrap();
        let there = world.api::<Event>().list(&ListParams::default()).await.unwrap();
        let there = there.items.into_iter().filter(|event| is_about(event, id));
        let mut there: Vec<_> =
            there.map(|event| (event.reason.unwrap(), event.message.unwrap().trim().to_owned())).collect();
        let mut seen: Vec<_> = seen.events.into_iter().map(|event| (event.what, event.message)).collect();
        there.sort();
        seen.sort();
        last = seen.clone();
        (!seen.is_empty() && seen == there).then_some(())
    });
    assert!(same.await.is_some(), "{last:?}");
    assert_eq!(runtime.inventory().await.unwrap().len(), 1);
    end(world, wire, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_are_up_are_found_without_a_question_about_each() {
    let (world, wire, runtime, id, _events) = watched().await;
    world.until(id, |seen| seen.state == Observed::Running).await;
    // A copy of the pod, labels and all, is nobody's.
    let (pods, name) = (world.api::<Pod>(), domain::Agent::pod_name_of(id));
    let mut copy = pods.get(&name).await.unwrap();
    copy.metadata =
        ObjectMeta { name: Some(format!("{name}-copy")), labels: copy.metadata.labels, ..ObjectMeta::default() };
    copy.spec.as_mut().unwrap().volumes.as_mut().unwrap().retain(|volume| !volume.name.starts_with("kube-api-access"));
    pods.create(&PostParams::default(), &copy).await.unwrap();
    wire.looks();
    let up = async || runtime.inventory().await.unwrap().into_iter().filter_map(|owned| owned.up).collect::<Vec<_>>();
    let found = up().await;
    assert_eq!(wire.looks(), 0);
    let [found] = found.try_into().unwrap();
    let seen = runtime.observe(id).await.unwrap();
    assert!(!found.events.is_empty(), "what happened to it is told");
    // The cluster may say something between the two, or say it again.
    let timeless = |seen: Observation| Observation { events: Vec::new(), ..seen };
    assert_eq!(timeless(found), timeless(seen), "who asks for all is told what who looks sees");
    pods.delete(&format!("{name}-copy"), &DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() })
        .await
        .unwrap();
    world.runtime.stop(id).await.unwrap();
    world.until(id, |seen| seen.state == Observed::Stopped).await;
    assert_eq!(up().await, [], "it is down");
    end(world, wire, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_falls_silent_costs_time_and_not_truth() {
    let (world, wire, runtime, id, mut events) = watched().await;
    wire.silence();
    wire.cut();
    world.runtime.stop(id).await.unwrap();
    assert!(!told_of(&mut events, id, Duration::from_secs(3)).await, "nobody tells");
    let stopped = eventually(async || {
        let seen = runtime.observe(id).await.unwrap();
        (seen.state == Observed::Stopped).then_some(())
    });
    assert!(stopped.await.is_some(), "who looks sees it all the same");
    end(world, wire, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_that_goes_away_is_said_to_be_away_and_is_taken_up_again() {
    let (world, wire, runtime, id, mut events) = watched().await;
    wire.take_down();
    let begun = std::time::Instant::now();
    for outcome in [runtime.observe(id).await.map(drop), runtime.stop(id).await, runtime.inventory().await.map(drop)] {
        assert!(matches!(outcome, Err(RuntimeError::Unavailable { .. } | RuntimeError::Timeout(_))), "{outcome:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "each call says so in time");
    drain(&mut events).await;
    wire.heal();
    assert!(is_seen(&runtime, id).await, "calls work at once");
    touch(&world, id, "back").await;
    assert!(told_of(&mut events, id, BACK).await, "and the watches are back in time");
    end(world, wire, id).await;
}
