//! The objects as they are sent, and what must hold of them whatever a person typed.

use std::collections::BTreeMap;

use super::*;
use crate::{GitIdentity, Repository};

pub(in crate::kubernetes) fn spec() -> AgentSpec {
    let id = "0190b5c6-7d2a-7cc3-9c41-3a8f0c5d1e22";
    AgentSpec {
        id: id.parse().unwrap(),
        user_id: "0190b5c6-7d2a-7cc3-9c41-000000000001".parse().unwrap(),
        project_id: "0190b5c6-7d2a-7cc3-9c41-000000000002".parse().unwrap(),
        name: "otter".into(),
        generation: 1,
        git_identity: GitIdentity { name: "ada".into(), email: "ada@users.noreply.example.org".into() },
        repository: Some(Repository { url: "https://git.example.org/a/b.git".into(), branch: "main".into() }),
        start_command: "claude".into(),
        limits: domain::AgentLimits::default(),
        terminal_password: "the-password".into(),
        mode: domain::AgentMode::Autopilot,
        token: Some("the-token".into()),
        credentials: vec![("model-key".to_owned(), "the-key".into())],
        env: BTreeMap::from([
            ("BACKEND_URL".to_owned(), "http://aiworker.control-plane:3000".to_owned()),
            ("MCP_ENDPOINT".to_owned(), "http://aiworker.control-plane:3000/mcp".to_owned()),
            ("POD_NAME".to_owned(), "overridden".to_owned()),
            ("USER_ID".to_owned(), "0190b5c6-7d2a-7cc3-9c41-000000000001".to_owned()),
        ]),
    }
}

#[test]
fn the_objects_of_an_agent() {
    insta::assert_yaml_snapshot!("stateful_set", stateful_set(&KubernetesConfig::default(), &spec()));
    insta::assert_yaml_snapshot!("secret", secret(&KubernetesConfig::default(), &spec(), None));
    insta::assert_yaml_snapshot!("service", service(&KubernetesConfig::default()));
}

#[test]
fn settings_that_are_left_empty_are_left_to_the_cluster() {
    let config = KubernetesConfig {
        image_pull_secret: String::new(),
        service_account: String::new(),
        storage_class: String::new(),
        agent_secrets: String::new(),
        ..KubernetesConfig::default()
    };
    let text = serde_json::to_string(&stateful_set(&config, &spec())).unwrap();
    for absent in ["imagePullSecrets", "serviceAccountName", "storageClassName", "GITEA_TOKEN", "runtimeClassName"] {
        assert!(!text.contains(absent), "{absent}");
    }
}

#[test]
fn what_a_person_typed_reaches_no_name_no_label_and_is_not_expanded() {
    const TYPED: &str = "typed-$(POD_NAME)";
    let spec = AgentSpec {
        name: TYPED.into(),
        start_command: TYPED.into(),
        repository: Some(Repository { url: TYPED.into(), branch: TYPED.into() }),
        git_identity: GitIdentity { name: TYPED.into(), email: TYPED.into() },
        ..spec()
    };
    let set = stateful_set(&KubernetesConfig::default(), &spec);
    let pod = set.spec.as_ref().unwrap().template.clone();
    let metadata = [&set.metadata, pod.metadata.as_ref().unwrap()];
    for labels in metadata.map(|metadata| metadata.labels.clone().unwrap()) {
        assert!(labels.values().all(|value| !value.contains("typed")), "{labels:?}");
    }
    assert!(!set.metadata.name.unwrap().contains("typed"));
    let env = pod.spec.unwrap().containers.remove(0).env.unwrap();
    let command = env.iter().find(|variable| variable.name == "START_COMMAND").unwrap();
    assert_eq!(command.value.as_deref(), Some("typed-$$(POD_NAME)"));
}

#[test]
fn a_small_agent_asks_for_no_more_than_it_may_use() {
    let spec = AgentSpec { limits: domain::AgentLimits { memory_mib: 256, processes: 64 }, ..spec() };
    let set = stateful_set(&KubernetesConfig::default(), &spec);
    let container = set.spec.unwrap().template.spec.unwrap().containers.remove(0);
    let resources = container.resources.unwrap();
    assert_eq!(resources.requests.unwrap()["memory"].0, "256Mi");
    assert_eq!(resources.limits.unwrap()["memory"].0, "256Mi");
}
