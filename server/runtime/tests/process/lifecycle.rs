//! Up, down, up again and away.

use std::{fs, os::unix::fs::PermissionsExt};

use domain::{Observed, Reason};
use runtime::{AgentRuntime, RuntimeError, TERMINAL_PORT};

use crate::world::{World, count_of_firsts, eventually, first_process, kill, processes_of, spec, until};

#[tokio::test(flavor = "multi_thread")]
async fn stop_keeps_the_workspace_and_start_resumes_it() {
    let world = World::new().await;
    let mut spec = spec();
    let id = spec.id;
    assert_eq!(world.state(id).await, Observed::Absent);
    world.up(&spec).await;
    let mut viewer = world.view(&spec).await;
    assert_eq!(viewer.ask("echo precious > notes; pwd; git config user.email").await, "/workspaceada@example.org");
    viewer.close().await;

    let mut events = world.runtime.events();
    world.runtime.stop(id).await.unwrap();
    until(&mut events, id, Observed::Stopping).await;
    until(&mut events, id, Observed::Stopped).await;
    assert_eq!(world.state(id).await, Observed::Stopped);
    assert_eq!(world.processes(id), Vec::<u32>::new());
    assert_eq!(fs::read_dir(world.folder(id).join("run")).unwrap().count(), 0);
    assert!(matches!(world.runtime.dial(id, TERMINAL_PORT).await, Err(RuntimeError::NotFound)));

    spec.generation += 2;
    world.up(&spec).await;
    assert_eq!(world.view(&spec).await.ask("cat notes").await, "precious");
    world.runtime.remove(id).await.unwrap();
    assert_eq!(world.state(id).await, Observed::Absent);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_may_be_asked_twice_and_for_agents_that_are_not_there() {
    let world = World::new().await;
    let spec = spec();
    let id = spec.id;
    world.runtime.stop(id).await.unwrap();
    world.runtime.remove(id).await.unwrap();
    assert_eq!(world.runtime.logs(id, 10).await.unwrap(), "");
    assert!(matches!(world.runtime.dial(id, 22).await, Err(RuntimeError::NotFound)));

    // At the same time, too: there is one of it.
    let (one, two) = tokio::join!(world.runtime.ensure(&spec), world.runtime.ensure(&spec));
    assert!(one.is_ok() && two.is_ok());
    world.up(&spec).await;
    assert_eq!(count_of_firsts(&world.folder(id)), 1);
    assert_eq!(world.runtime.inventory().await.unwrap().len(), 1);

    let (one, two) = tokio::join!(world.runtime.remove(id), world.runtime.remove(id));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(world.runtime.inventory().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_ends_by_itself_is_reported_at_once_and_started_only_when_asked_anew() {
    let world = World::new().await;
    let mut spec = spec();
    world.up(&spec).await;
    let mut events = world.runtime.events();
    let main = first_process(&world.folder(spec.id));
    kill(main);
    let last = until(&mut events, spec.id, Observed::Failed).await;
    assert_eq!(last.reason, Some(Reason::Exited));
    assert!(last.message.contains("code 137"), "{}", last.message);
    assert_eq!(world.runtime.observe(spec.id).await.unwrap(), last);
    assert_eq!(world.runtime.ensure(&spec).await.unwrap(), last);
    assert_eq!(world.processes(spec.id), Vec::<u32>::new());

    spec.generation += 1;
    world.up(&spec).await;
    world.runtime.remove(spec.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn remove_leaves_nothing_whatever_the_agent_made() {
    let world = World::new().await;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("precious"), "x").unwrap();
    let spec = spec();
    world.up(&spec).await;
    let mut viewer = world.view(&spec).await;
    viewer
        .ask("mkdir -p a/b && touch a/b/c && chmod 500 a/b && chmod 0 a; mkfifo pipe; sleep 1000 >/dev/null & disown")
        .await;
    let target = outside.path().display();
    viewer.ask(&format!("ln -s {target} link; ln -s {target} ~/link; ln -sfn {target} /run/agent/link")).await;
    let pids = world.processes(spec.id);
    assert!(pids.len() > 4, "{pids:?}");
    world.runtime.remove(spec.id).await.unwrap();

    assert_eq!(processes_of(&world.folder(spec.id)), Vec::<u32>::new());
    assert_eq!(fs::read_dir(world.data.join("agents")).unwrap().count(), 0);
    assert!(outside.path().join("precious").exists());
    eventually("every process is reaped", || pids.iter().all(|pid| !is_ours(*pid))).await;
    assert_eq!(control_groups(&spec.id.to_string()), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_command_is_a_job_of_a_shell_that_stays() {
    let world = World::new().await;
    let mut spec = spec();
    spec.start_command = "echo started; sed -u s/^/heard-/".into();
    world.up(&spec).await;
    let mut viewer = world.view(&spec).await;
    viewer.expect("started").await;
    viewer.type_line("it").await;
    viewer.expect("heard-it").await;
    viewer.type_line("\x1a").await;
    viewer.expect("Stopped").await;
    assert_eq!(viewer.ask("jobs | grep -c Stopped").await, "1");
    assert_eq!(viewer.ask("echo shell-stays").await, "shell-stays");
    world.runtime.remove(spec.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_private_and_secrets_stay_out_of_the_hosts_process_list() {
    let world = World::new().await;
    let mut spec = spec();
    spec.env.insert("SOME_TOKEN".into(), "hush-hush".into());
    world.up(&spec).await;
    for folder in ["", "workspace", "home", "run"] {
        let mode = fs::metadata(world.folder(spec.id).join(folder)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{folder}");
    }
    assert_eq!(world.view(&spec).await.ask("echo $SOME_TOKEN").await, "hush-hush");
    for pid in world.processes(spec.id) {
        let line = crate::world::command_line(pid);
        assert!(!line.contains("hush-hush"), "{line}");
        // ttyd has no other way; its socket's folder is the lock before this one.
        assert!(!line.contains("correct-horse") || line.starts_with("ttyd "), "{line}");
    }
    assert!(!world.runtime.logs(spec.id, 1000).await.unwrap().contains("correct-horse"));
    world.runtime.remove(spec.id).await.unwrap();
}

/// Whether this process, or whoever took in its orphans, still has it as a zombie or alive.
fn is_ours(pid: u32) -> bool {
    let line = crate::world::stat(pid);
    line.is_some_and(|fields| fields[0] == "Z" || crate::world::command_line(pid).contains("/opt/aiworker"))
}

pub fn control_groups(name: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![std::path::PathBuf::from("/sys/fs/cgroup")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if entry.file_name() == name {
                    found.push(entry.path());
                }
                folders.push(entry.path());
            }
        }
    }
    found
}
