//! An agent's secrets: files that only it can read, new at each start; and what needs them says so when they are missing.

use std::{fs, os::unix::fs::PermissionsExt};

use domain::{AgentMode, Observed};
use runtime::{AgentRuntime, AgentSpec};

use crate::world::{World, spec, until};

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_private_files_and_a_new_start_brings_new_ones() {
    let world = World::new().await;
    let first = AgentSpec {
        token: Some("first-token".into()),
        credentials: vec![("git-token".into(), "git-secret".into())],
        ..spec()
    };
    world.up(&first).await;
    let mut viewer = world.view(&first).await;
    assert_eq!(viewer.ask("cat /run/agent/secrets/token").await, "first-token");
    assert_eq!(viewer.ask("stat -c %a /run/agent/secrets/git-token").await, "600");
    let folder = world.folder(first.id).join("run/secrets");
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);

    world.runtime.stop(first.id).await.unwrap();
    let second = AgentSpec { token: Some("second-token".into()), credentials: Vec::new(), generation: 2, ..first };
    world.up(&second).await;
    assert_eq!(fs::read_to_string(folder.join("token")).unwrap(), "second-token");
    assert!(!folder.join("git-token").exists(), "what is not given any more is gone");
    world.runtime.remove(second.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn autopilot_without_a_token_or_an_address_says_so_and_ends() {
    let world = World::new().await;
    let spec = AgentSpec { mode: AgentMode::Autopilot, ..spec() };
    let mut events = world.runtime.events();
    world.runtime.ensure(&spec).await.unwrap();
    until(&mut events, spec.id, Observed::Failed).await;
    let log = world.runtime.logs(spec.id, 5).await.unwrap();
    assert!(log.contains("Autopilot cannot start: MCP_ENDPOINT"), "{log}");
    world.runtime.remove(spec.id).await.unwrap();
}
