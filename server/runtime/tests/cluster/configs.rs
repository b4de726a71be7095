//! A kubeconfig that is missing, is none, has run out, or leads to another cluster: each is said in words.

use std::path::{Path, PathBuf};

use domain::Reason;
use runtime::{AgentRuntime, RuntimeError, kubernetes::KubernetesConfig, kubernetes::KubernetesRuntime};
use serde_json::{Value, json};

use crate::world::{World, spec};

async fn refused(path: PathBuf) -> String {
    let config = KubernetesConfig { kubeconfig: Some(path), ..KubernetesConfig::default() };
    match KubernetesRuntime::new(config).await {
        Err(RuntimeError::Refused { reason: Reason::Configuration, message }) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kubeconfig_that_is_missing_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let message = refused(folder.path().join("nothing")).await;
    assert!(message.contains("nothing cannot be used. Set --kubeconfig"), "{message}");
    for (name, text) in [("empty", ""), ("broken", "{"), ("without-a-cluster", "apiVersion: v1\nkind: Config\n")] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let message = refused(path).await;
        assert!(message.contains(name), "{message}");
    }
}

/// The world's kubeconfig, changed.
fn changed(world: &World, folder: &Path, change: impl FnOnce(&mut Value)) -> PathBuf {
    let text = std::fs::read(world.config.kubeconfig.as_ref().unwrap()).unwrap();
    let mut config = serde_json::from_slice(&text).unwrap();
    change(&mut config);
    let path = folder.join("kubeconfig");
    std::fs::write(&path, config.to_string()).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_have_run_out() {
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    let path = changed(&world, folder.path(), |config| config["users"][0]["user"]["token"] = json!("run-out"));
    let config = KubernetesConfig { kubeconfig: Some(path), ..world.config.clone() };
    let runtime = KubernetesRuntime::new(config).await.unwrap();
    for outcome in [runtime.ensure(&spec()).await.map(drop), runtime.observe(spec().id).await.map(drop)] {
        let Err(RuntimeError::Refused { reason, message }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(reason, Reason::Forbidden);
        assert!(message.starts_with("The cluster does not accept AiWorker's credentials."), "{message}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_not_the_one_the_kubeconfig_means() {
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    // The address answers, but with a certificate of somebody else.
    let authority = include_str!("another-authority.pem");
    let path = changed(&world, folder.path(), |config| {
        config["clusters"][0]["cluster"]["certificate-authority-data"] =
            json!(crate::viewer::base64(authority.as_bytes()));
    });
    let config = KubernetesConfig { kubeconfig: Some(path), ..world.config.clone() };
    let runtime = KubernetesRuntime::new(config).await.unwrap();
    let outcome = runtime.ensure(&spec()).await.map(drop);
    assert!(matches!(outcome, Err(RuntimeError::Unavailable { .. })), "{outcome:?}");
    assert_eq!(world.left().await, Vec::<String>::new());
    world.end().await;
}
