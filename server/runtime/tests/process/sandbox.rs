//! What an agent can see and reach, with a sandbox and without.

use std::fs;

use domain::{Observed, SandboxKind};
use runtime::{AgentRuntime, RuntimeError, TERMINAL_PORT};

use crate::world::{World, eventually, spec, without_sandbox};

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sees_its_own_world_only() {
    let shown = tempfile::tempdir().unwrap();
    fs::write(shown.path().join("shown"), "tools").unwrap();
    let world = World::with(|config| {
        // Even inside a folder that agents may read, the data folder is not to be seen.
        config.data_dir = shown.path().join("data");
        config.read_only = vec![shown.path().to_owned()];
    })
    .await;
    assert_eq!(world.runtime.status().sandbox, SandboxKind::Bubblewrap);
    fs::write(world.data.join("aiworker.db"), "secret").unwrap();
    let (spec, other) = (spec(), spec());
    world.up(&spec).await;
    world.up(&other).await;
    let mut viewer = world.view(&spec).await;
    let data = world.data.display();
    assert_eq!(viewer.ask(&format!("cat {data}/aiworker.db 2>/dev/null; ls {data} 2>/dev/null")).await, "");
    assert_eq!(viewer.ask(&format!("cat /proc/1/root{data}/aiworker.db 2>/dev/null")).await, "");
    assert_eq!(viewer.ask(&format!("cat {}/shown", shown.path().display())).await, "tools");
    // Its own processes only, and none of another agent's.
    assert_eq!(viewer.ask("cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c ^AIWORKER_AGENT_ID= | grep -qv ^0; cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep ^AIWORKER_AGENT_ID= | sort -u | wc -l").await, "1");
    assert_eq!(viewer.ask("id -u; hostname").await, "1000calm-otter");
    assert_eq!(viewer.ask("ls -A /home /root /var/lib /sys 2>/dev/null | tr -d '\\n'").await, "/home:agent");
    // No descriptor leads out, except the agent's own lock and log.
    let open = viewer.ask("ls -l /proc/1/fd | grep -o '[0-9]* -> /.*' | grep -v '/lock$' | grep -v /start.log | grep -v /dev/null | grep -v entrypoint.sh | tr -d '\n'").await;
    assert_eq!(open, "");
    world.runtime.remove(spec.id).await.unwrap();
    world.runtime.remove(other.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_changes_nothing_of_the_host() {
    let world = World::new().await;
    let spec = spec();
    world.up(&spec).await;
    let mut viewer = world.view(&spec).await;
    for path in [
        "/usr/x",
        "/x",
        "/etc/x",
        "/opt/aiworker/entrypoint.sh",
        "/opt/aiworker/bin/tmux",
        "/etc/passwd",
        "/proc/sys/kernel/x",
        "/run/x",
    ] {
        assert_eq!(viewer.ask(&format!("(echo x >{path}) 2>/dev/null; echo $?")).await, "1", "{path}");
    }
    // Writes what is there already, lest a broken sandbox break this machine. As root of a namespace of its own, too.
    for file in ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/vm/drop_caches"] {
        let rewrite = format!("v=$(cat {file} 2>/dev/null || echo 1); (echo \"$v\" >{file}) 2>/dev/null; echo $?");
        assert_eq!(viewer.ask(&rewrite).await, "1", "{file}");
        assert_eq!(
            viewer.ask(&format!("unshare -Urmpf --mount-proc sh -c '{rewrite}' 2>/dev/null || echo 1")).await,
            "1",
            "{file}"
        );
    }
    assert_eq!(viewer.ask("echo mine > /tmp/aiworker-private; cat /tmp/aiworker-private").await, "mine");
    assert!(!std::path::Path::new("/tmp/aiworker-private").exists());
    world.runtime.remove(spec.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_leads_elsewhere_is_not_followed() {
    let world = World::new().await;
    let spec = spec();
    world.up(&spec).await;
    let elsewhere = world.data.join("other.sock");
    let _listener = tokio::net::UnixListener::bind(&elsewhere).unwrap();
    let mut viewer = world.view(&spec).await;
    viewer
        .ask(&format!(
            "ln -sf {} /run/agent/ttyd.sock; ln -s /etc/hostname /run/agent/clone-failed",
            elsewhere.display()
        ))
        .await;
    assert!(matches!(world.runtime.dial(spec.id, TERMINAL_PORT).await, Err(RuntimeError::NotFound)));
    let told = world.runtime.observe(spec.id).await.unwrap();
    assert_eq!((told.state, told.reason), (Observed::Starting, None));
    world.runtime.remove(spec.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_data_folder_is_no_obstacle() {
    for sandboxed in [true, false] {
        let mut world = None;
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("long-".repeat(30)).join("even-longer-".repeat(10));
        world.get_or_insert(
            World::with(|config| {
                config.data_dir = long;
                if !sandboxed {
                    without_sandbox(config);
                }
            })
            .await,
        );
        let world = world.unwrap();
        let spec = spec();
        world.up(&spec).await;
        assert_eq!(world.view(&spec).await.ask("tmux list-sessions | wc -l").await, "1");
        world.runtime.remove(spec.id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_sandbox_the_same_agent_lives_and_dies_as_cleanly() {
    let world = World::with(without_sandbox).await;
    assert_eq!(world.runtime.status().sandbox, SandboxKind::None);
    let mut spec = spec();
    spec.start_command = "echo started-by-command".into();
    world.up(&spec).await;
    let mut viewer = world.view(&spec).await;
    viewer.expect("started-by-command").await;
    let workspace = world.folder(spec.id).join("workspace");
    assert_eq!(viewer.ask("pwd").await, workspace.canonicalize().unwrap().to_str().unwrap());
    viewer.ask("echo precious > notes; setsid sleep 1000 >/dev/null 2>&1 </dev/null & disown").await;
    let mark = format!("AIWORKER_AGENT_ID={}", spec.id);
    let marked = || {
        let has = |pid: &u32| {
            fs::read(format!("/proc/{pid}/environ")).is_ok_and(|e| String::from_utf8_lossy(&e).contains(&mark))
        };
        crate::world::all_processes().iter().filter(|pid| has(pid)).count()
    };
    assert!(marked() >= 4, "{}", marked());

    world.runtime.stop(spec.id).await.unwrap();
    eventually("all of it ended", || marked() == 0).await;
    spec.generation += 1;
    world.up(&spec).await;
    assert_eq!(world.view(&spec).await.ask("cat notes").await, "precious");
    world.runtime.remove(spec.id).await.unwrap();
    eventually("all of it ended", || marked() == 0).await;
    assert!(!world.folder(spec.id).exists());
}
