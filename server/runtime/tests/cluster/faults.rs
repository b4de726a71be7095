//! What goes wrong in clusters, each ending in a reason and a sentence.

use domain::{Explanation, Observed, Reason};
use k8s_openapi::api::core::v1::{Pod, ResourceQuota, Secret, ServiceAccount};
use kube::api::DeleteParams;
use runtime::{AgentRuntime, AgentSpec, RuntimeError, kubernetes::KubernetesConfig, kubernetes::KubernetesRuntime};
use serde_json::json;

use crate::world::{World, create, spec};

/// Launches, waits until the agent fails for this reason, and removes it.
async fn fails(world: World, spec: AgentSpec, reason: Reason, raw: &str) {
    world.runtime.ensure(&spec).await.unwrap();
    let seen = world.until(spec.id, |seen| seen.state == Observed::Failed).await;
    assert_eq!(seen.reason, Some(reason), "{}", seen.message);
    assert!(Explanation::split(&seen.message).raw.contains(raw), "{}", seen.message);
    world.remove(spec.id).await;
    assert_eq!(world.left().await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_does_not_exist() {
    let world = World::with(|config| config.image = "localhost/no/such-image:1".into()).await;
    fails(world, spec(), Reason::ImagePull, "such-image").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_has_no_name() {
    let world = World::with(|config| config.image = "Not An Image".into()).await;
    fails(world, spec(), Reason::ImagePull, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_full() {
    let world = World::new().await;
    let quota = json!({ "metadata": { "name": "full" }, "spec": { "hard": { "pods": "0" } } });
    create(&world.api::<ResourceQuota>(), quota).await;
    fails(world, spec(), Reason::Quota, "exceeded quota").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_node_with_room() {
    let world = World::with(|config| config.memory_request_mib = 200_000).await;
    let mut spec = spec();
    spec.limits.memory_mib = 200_000;
    fails(world, spec, Reason::Unschedulable, "Insufficient memory").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_class_that_does_not_exist() {
    let world = World::with(|config| config.storage_class = "no-such-class".into()).await;
    fails(world, spec(), Reason::Volume, "no-such-class").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_account_that_is_missing() {
    let world = World::new().await;
    world.api::<ServiceAccount>().delete("agent-sa", &DeleteParams::default()).await.unwrap();
    fails(world, spec(), Reason::Configuration, "agent-sa").await;
}

/// The agent's own shell runs this before everything else, each time it is started.
fn spec_that_begins_with(command: &str) -> AgentSpec {
    let mut spec = spec();
    spec.env.insert("BASH_ENV".into(), format!("$({command})"));
    spec
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_ends_again_and_again() {
    fails(World::new().await, spec_that_begins_with("kill -TERM $$"), Reason::CrashLoop, "143").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_that_runs_out_at_each_start() {
    let mut spec = spec_that_begins_with("tail /dev/zero; kill -KILL $$");
    spec.limits.memory_mib = 64;
    fails(World::new().await, spec, Reason::OutOfMemory, "OOMKilled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_gone_when_the_pod_is_made_again() {
    let world = World::new().await;
    let spec = spec();
    world.runtime.ensure(&spec).await.unwrap();
    let pod = domain::Agent::pod_name_of(spec.id);
    world.until(spec.id, |seen| seen.state == Observed::Running).await;
    world.api::<Secret>().delete(pod.trim_end_matches("-0"), &DeleteParams::default()).await.unwrap();
    world.api::<Pod>().delete(&pod, &DeleteParams::default().grace_period(0)).await.unwrap();
    let seen = world.until(spec.id, |seen| seen.state == Observed::Failed).await;
    assert_eq!(seen.reason, Some(Reason::Configuration), "{}", seen.message);
    assert!(Explanation::split(&seen.message).raw.contains("not found"), "{}", seen.message);
    // The next start makes it again, as the sentence says, and the kubelet goes on by itself.
    world.runtime.ensure(&spec).await.unwrap();
    world.until(spec.id, |seen| seen.state == Observed::Running).await;
    world.remove(spec.id).await;
    assert_eq!(world.left().await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_is_missing() {
    let world = World::new().await;
    let config = KubernetesConfig { namespace: "no-such-namespace".into(), kubeconfig: None, ..world.config.clone() };
    let runtime = KubernetesRuntime::new(config).await.unwrap();
    match runtime.ensure(&spec()).await {
        Err(RuntimeError::Refused { reason: Reason::Configuration, message }) => {
            assert!(message.contains("no-such-namespace"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_missing() {
    let world = World::new().await;
    // Ours is granted in the test's own namespace only.
    let config = KubernetesConfig { namespace: "default".into(), ..world.config.clone() };
    let runtime = KubernetesRuntime::new(config).await.unwrap();
    match runtime.ensure(&spec()).await {
        Err(RuntimeError::Refused { reason: Reason::Forbidden, message }) => {
            assert!(message.contains("cannot get resource"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_never_answers() {
    // This image's one program waits for ever and opens no port.
    let Ok(image) = std::env::var("AIWORKER_TEST_SILENT_IMAGE") else {
        // A cluster that was given has no such image; our own always has.
        assert!(std::env::var_os("AIWORKER_TEST_OWN_CLUSTER").is_none(), "our own cluster has a silent image");
        return;
    };
    let world = World::with(|config| {
        config.image = image;
        config.start_timeout = std::time::Duration::from_secs(5);
    })
    .await;
    fails(world, spec(), Reason::StartTimeout, "probe failed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_does_not_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    // Nobody listens at port 1.
    let text = json!({ "apiVersion": "v1", "kind": "Config", "current-context": "t",
        "contexts": [{ "name": "t", "context": { "cluster": "t", "user": "t" } }],
        "clusters": [{ "name": "t", "cluster": { "server": "https://127.0.0.1:1" } }],
        "users": [{ "name": "t", "user": { "token": "t" } }] });
    std::fs::write(&path, text.to_string()).unwrap();
    let config = KubernetesConfig { kubeconfig: Some(path), ..KubernetesConfig::default() };
    let runtime = KubernetesRuntime::new(config).await.unwrap();
    let begun = std::time::Instant::now();
    for outcome in [runtime.ensure(&spec()).await.map(drop), runtime.stop(spec().id).await] {
        assert!(matches!(outcome, Err(RuntimeError::Unavailable { .. })), "{outcome:?}");
    }
    assert!(begun.elapsed().as_secs() < 10, "it says so at once");
}
