//! The Role of `k8s/base` is the smallest: with it everything works, and without any one of its verbs something does not.

use std::time::Duration;

use domain::{Agent, AgentId, Observed};
use futures::{StreamExt, stream};
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{Event, PersistentVolumeClaim, Pod, Secret},
};
use kube::{Api, ResourceExt};
use runtime::{AgentRuntime, AgentSpec, RuntimeError, kubernetes::preflight};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::world::{World, create, eventually, rules, spec};

/// How many Roles are tried at one time.
const AT_ONCE: usize = 6;
/// How long the watches may take to tell of something. Where one of them may not watch, this is waited for in vain.
const TOLD_DEADLINE: Duration = Duration::from_secs(20);
/// From this minor version on, the way through the API server asks for `create` instead of `get`.
const PORT_FORWARD_CREATES: u32 = 35;

/// What did not work.
type Broken = String;

#[tokio::test(flavor = "multi_thread")]
async fn without_any_one_verb_of_the_role_something_does_not_work() {
    let all = rules();
    assert_eq!(everything(&all, true).await, Ok(()), "with the whole Role all of it works");
    let cut: Vec<_> = (0..all.len()).flat_map(|rule| without_one(&all, rule)).collect();
    assert!(cut.len() > 20, "the Role has {} verbs", cut.len());
    let tried = stream::iter(cut).map(async |(what, rules)| {
        // Only what concerns a running pod needs one.
        let broken = everything(&rules, what.contains("pods/")).await.err();
        println!("without {what}: {}", broken.as_deref().unwrap_or("all of it works"));
        broken.is_none().then_some(what)
    });
    let needless: Vec<_> = tried.buffer_unordered(AT_ONCE).filter_map(async |needless| needless).collect().await;
    assert_eq!(needless, Vec::<String>::new(), "nobody misses these");
}

/// The rules without each verb of one of them in turn.
fn without_one(all: &[Value], rule: usize) -> Vec<(String, Vec<Value>)> {
    let verbs = all[rule]["verbs"].as_array().unwrap();
    let without = |index: usize| {
        let mut left = all.to_vec();
        let gone = left[rule]["verbs"].as_array_mut().unwrap().remove(index);
        left.retain(|rule| rule["verbs"] != json!([]));
        (format!("{} {}", gone.as_str().unwrap(), all[rule]["resources"][0].as_str().unwrap()), left)
    };
    (0..verbs.len()).map(without).collect()
}

/// Everything that the runtime does in a cluster, with such a Role; with a pod that really runs, or without.
async fn everything(rules: &[Value], with_pod: bool) -> Result<(), Broken> {
    let world = World::allowed(rules, |_| {}).await;
    let outcome = match told_and_found(&world).await {
        Ok(()) => an_agents_life(&world, with_pod).await,
        broken => broken,
    };
    let outcome = match outcome {
        Ok(()) => asked_for(&world).await,
        broken => broken,
    };
    world.end().await;
    outcome
}

/// The watches tell of each kind of object, the inventory finds each, and what nobody remembers can be removed.
async fn told_and_found(world: &World) -> Result<(), Broken> {
    let mut told = world.runtime.events();
    // Of the first ones the watches may know from the list that they begin with; of the next ones only by watching.
    for round in ["first", "next"] {
        let [pod, set, claim, secret, event] = one_of_each(world).await;
        let mut missing = vec![("pods", pod), ("stateful sets", set), ("claims", claim), ("events", event)];
        let all = async {
            while !missing.is_empty() {
                let Some(seen) = told.next().await else { break };
                missing.retain(|(_, id)| *id != seen.agent_id);
            }
        };
        if timeout(TOLD_DEADLINE, all).await.is_err() {
            return Err(format!("nobody told of the {round} {missing:?}"));
        }
        let found = world.runtime.inventory().await.map_err(|error| error.to_string())?;
        for id in [pod, set, claim, secret] {
            found.iter().find(|owned| owned.agent_id == id).ok_or("the inventory misses one")?;
        }
        // A Secret without a set is what a crash between two writes leaves.
        world.runtime.remove(secret).await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// A pod, a set, a claim, a Secret and an event, made by hand for one agent each, so that nothing else could tell of them: no
/// scheduler and no controller has anything to say of these.
async fn one_of_each(world: &World) -> [AgentId; 5] {
    let ids @ [pod, set, claim, secret, event] = [(); 5].map(|()| spec().id);
    let meta = |id: AgentId, name: String| json!({ "name": name, "labels": { "aiworker.dev/installation": "aiworker", "aiworker.dev/agent-id": id.to_string() } });
    let name = |id: AgentId| Agent::pod_name_of(id).trim_end_matches("-0").to_owned();
    let nowhere = json!({ "schedulerName": "nobody", "serviceAccountName": "agent-sa", "automountServiceAccountToken": false,
        "containers": [{ "name": "x", "image": "x", "resources": { "limits": { "cpu": "1m", "memory": "1Mi" } } }] });
    create(&world.api::<Pod>(), json!({ "metadata": meta(pod, Agent::pod_name_of(pod)), "spec": nowhere })).await;
    let labels = json!({ "whose": set.to_string() });
    let template = json!({ "metadata": { "labels": labels }, "spec": nowhere });
    let spec =
        json!({ "replicas": 0, "serviceName": "x", "selector": { "matchLabels": labels }, "template": template });
    create(&world.api::<StatefulSet>(), json!({ "metadata": meta(set, name(set)), "spec": spec })).await;
    let spec = json!({ "volumeName": "no-such-volume", "storageClassName": "", "accessModes": ["ReadWriteOnce"],
        "resources": { "requests": { "storage": "1Mi" } } });
    let claim = meta(claim, format!("workspace-{}", Agent::pod_name_of(claim)));
    create(&world.api::<PersistentVolumeClaim>(), json!({ "metadata": claim, "spec": spec })).await;
    create(&world.api::<Secret>(), json!({ "metadata": meta(secret, name(secret)) })).await;
    let involved = json!({ "kind": "Pod", "namespace": world.namespace, "name": Agent::pod_name_of(event) });
    let happened = json!({ "metadata": { "name": format!("by-hand-{event}") }, "involvedObject": involved, "reason": "Test",
        "message": "By hand." });
    create(&world.api::<Event>(), happened).await;
    ids
}

/// Launched, seen, reached, read, stopped, removed.
async fn an_agents_life(world: &World, with_pod: bool) -> Result<(), Broken> {
    let spec = spec();
    let text = |error: RuntimeError| error.to_string();
    world.runtime.ensure(&spec).await.map_err(text)?;
    world.runtime.observe(spec.id).await.map_err(text)?;
    if with_pod {
        a_running_pod(world, &spec).await?;
    }
    // The claim comes from the cluster's controllers.
    let claims: Api<PersistentVolumeClaim> = world.api();
    let claim = format!("workspace-{}", Agent::pod_name_of(spec.id));
    eventually(async || claims.get(&claim).await.ok()).await.ok_or("no claim was made")?;
    world.runtime.stop(spec.id).await.map_err(text)?;
    let gone = eventually(async || match world.runtime.remove(spec.id).await {
        Err(RuntimeError::Timeout(_)) => None,
        outcome => Some(outcome),
    });
    gone.await.ok_or("it was not removed")?.map_err(text)?;
    let left = claims.get_opt(&claim).await.map_err(|error| error.to_string())?;
    left.map_or(Ok(()), |claim| Err(format!("{} is left", claim.name_any())))
}

async fn a_running_pod(world: &World, spec: &AgentSpec) -> Result<(), Broken> {
    world.until(spec.id, |seen| seen.state == Observed::Running).await;
    world.runtime.logs(spec.id, 10).await.map_err(|error| error.to_string())?;
    world.runtime.dial(spec.id, runtime::TERMINAL_PORT).await.map(drop).map_err(|error| error.to_string())
}

/// What the doctor says. It is the only one to miss what this version of Kubernetes does not ask for, but a later one does.
async fn asked_for(world: &World) -> Result<(), Broken> {
    let version = world.admin.apiserver_version().await.map_err(|error| error.to_string())?;
    let minor: u32 = version.minor.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
    let checks = preflight(world.config.clone()).await;
    let permissions =
        checks.into_iter().find(|check| check.name == "permissions").ok_or("permissions are not looked at")?;
    // Whatever else is missing was missed before.
    let spoken = format!("{:?}", permissions.outcome);
    if minor < PORT_FORWARD_CREATES && spoken.contains("create pods/portforward") {
        return Err("only the doctor misses it, for later versions".to_owned());
    }
    Ok(())
}
