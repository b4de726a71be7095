//! An agent's secrets: files that only it can read, new at each start; and what needs them says so when they are missing.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt};

use domain::{AgentMode, Observed};
use runtime::{AgentRuntime, AgentSpec, Repository};

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
async fn an_agent_without_a_token_or_an_address_says_so_and_ends_in_either_mode() {
    let world = World::new().await;
    for mode in [AgentMode::Manual, AgentMode::Autopilot] {
        let whole = || AgentSpec { mode, ..spec() };
        let without_address = AgentSpec { env: BTreeMap::new(), ..whole() };
        let without_token = AgentSpec { token: None, ..whole() };
        let with_empty_token = AgentSpec { token: Some("".into()), ..whole() };
        for (spec, missing) in [
            (without_address, "MCP_ENDPOINT, the address of AiWorker, is not set"),
            (without_token, "secrets/token is missing or empty"),
            (with_empty_token, "secrets/token is missing or empty"),
        ] {
            let mut events = world.runtime.events();
            world.runtime.ensure(&spec).await.unwrap();
            until(&mut events, spec.id, Observed::Failed).await;
            let log = world.runtime.logs(spec.id, 5).await.unwrap();
            assert!(log.contains("This agent cannot start: ") && log.contains(missing), "{mode:?}: {log}");
            world.runtime.remove(spec.id).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn git_gets_the_token_for_the_repositorys_host_alone_and_commits_are_the_owners() {
    let world = World::new().await;
    // Nobody listens there: the clone fails at once, and the agent is a shell all the same.
    let repository = Repository { url: "https://127.0.0.1:1/garden.git".into(), branch: "main".into() };
    let whole = AgentSpec {
        repository: Some(repository),
        credentials: vec![("git-token".into(), "git-secret".into())],
        ..spec()
    };
    world.up(&whole).await;
    let mut viewer = world.view(&whole).await;
    let fill = |protocol: &str, host: &str| {
        let asks = format!(r"printf 'protocol={protocol}\nhost={host}\n\n'");
        format!(
            "{asks} | GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=true git credential fill 2>&1 | grep -c password=git-secret"
        )
    };
    assert_eq!(viewer.ask(&fill("https", "127.0.0.1:1")).await, "1");
    for (protocol, host) in
        [("https", "127.0.0.1:2"), ("https", "127.0.0.1"), ("http", "127.0.0.1:1"), ("https", "evil.example")]
    {
        assert_eq!(viewer.ask(&fill(protocol, host)).await, "0", "{protocol}://{host}");
    }
    let commit =
        "git init -q work && git -C work commit -q --allow-empty -m x && git -C work log -1 --format='%an <%ae> %cn'";
    assert_eq!(viewer.ask(commit).await, "Ada <ada@example.org> Ada");
    // Not in the configuration that the agent can print by mistake, nor in any argument.
    assert_eq!(viewer.ask("git config --list | grep -c git-secret").await, "0");
    world.runtime.remove(whole.id).await.unwrap();
}
