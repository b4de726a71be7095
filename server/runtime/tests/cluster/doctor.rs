//! What `aiworker doctor` finds in a cluster: with nothing but the Role, and with more.

use runtime::{
    kubernetes::{KubernetesConfig, preflight},
    process::{Check, Outcome},
};

use crate::world::{World, spec};

fn of<'a>(checks: &'a [Check], name: &str) -> &'a Outcome {
    &checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no {name} in {checks:?}")).outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_role_does_not_let_it_ask_is_seen_in_the_agents() {
    let world = World::new().await;
    let checks = preflight(world.config.clone()).await;
    for name in ["cluster", "namespace", "permissions"] {
        assert!(matches!(of(&checks, name), Outcome::Good(_)), "{checks:?}");
    }
    for name in ["service account", "storage class", "agents' image"] {
        assert!(matches!(of(&checks, name), Outcome::Weaker(text) if text.contains("not checked")), "{checks:?}");
    }
    let spec = spec();
    world.up(&spec).await;
    let checks = preflight(world.config.clone()).await;
    assert!(checks.iter().all(|check| matches!(check.outcome, Outcome::Good(_))), "{checks:?}");
    world.remove(spec.id).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named_with_its_remedy() {
    let world = World::new().await;
    // As an operator's own kubeconfig, which may ask for everything.
    let config = KubernetesConfig {
        kubeconfig: None,
        service_account: "no-such-account".into(),
        storage_class: "no-such-class".into(),
        image_pull_secret: "no-such-secret".into(),
        ..world.config.clone()
    };
    let checks = preflight(config.clone()).await;
    assert!(matches!(of(&checks, "namespace"), Outcome::Good(_)), "{checks:?}");
    for (name, remedy) in
        [("service account", "create serviceaccount no-such-account"), ("storage class", "--storage-class")]
    {
        assert!(matches!(of(&checks, name), Outcome::Broken(text) if text.contains(remedy)), "{checks:?}");
    }
    let remedy = "--image-pull-secret";
    assert!(matches!(of(&checks, "pull secret"), Outcome::Weaker(text) if text.contains(remedy)), "{checks:?}");

    let nowhere = KubernetesConfig { namespace: "no-such-namespace".into(), ..config };
    let checks = preflight(nowhere).await;
    let remedy = "kubectl create namespace no-such-namespace";
    assert!(matches!(of(&checks, "namespace"), Outcome::Broken(text) if text.contains(remedy)), "{checks:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_may_be_written_nothing_is_called_good() {
    // It may look at pods, and nothing else.
    let look = serde_json::json!({ "apiGroups": [""], "resources": ["pods"], "verbs": ["list"] });
    let world = World::allowed(&[look], |_| {}).await;
    let checks = preflight(world.config.clone()).await;
    assert!(matches!(of(&checks, "namespace"), Outcome::Weaker(text) if text.contains("not checked")), "{checks:?}");
    let missing = of(&checks, "permissions");
    assert!(matches!(missing, Outcome::Broken(text) if text.contains("patch statefulsets")), "{checks:?}");
    world.end().await;
}
