//! Things go wrong: each is told with its reason, and mends itself where it can.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    process::Command,
    time::Duration,
};

use domain::{Observed, Reason};
use runtime::{
    AgentRuntime, Repository, RuntimeError,
    process::{Outcome, ProcessConfig, ProcessRuntime, preflight},
};

use crate::world::{World, command_line, config, eventually, kill, spec, until, until_event};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_ttyd_comes_back() {
    let world = World::new().await;
    let spec = spec();
    world.up(&spec).await;
    let mut viewer = world.view(&spec).await;
    viewer.ask("echo before").await;
    let ttyd = world.processes(spec.id).into_iter().find(|pid| command_line(*pid).starts_with("ttyd ")).unwrap();
    kill(ttyd);
    let log = world.folder(spec.id).join("start.log");
    let told = || fs::read_to_string(&log).unwrap().contains("ttyd ended with code 137; starting it again");
    eventually("the log tells", told).await;
    let socket = world.folder(spec.id).join("run/ttyd.sock");
    eventually("it listens again", || std::os::unix::net::UnixStream::connect(&socket).is_ok()).await;
    world.view(&spec).await.expect("before").await;
    assert_eq!(world.state(spec.id).await, Observed::Running);
    world.runtime.remove(spec.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_tmux_is_made_anew_for_the_next_viewer() {
    let world = World::new().await;
    let spec = spec();
    world.up(&spec).await;
    // A viewer first: the session is made beside ttyd, and there must be one to kill.
    world.view(&spec).await.ask("echo there").await;
    let is_tmux = |pid: &u32| command_line(*pid).contains("new-session -d");
    let tmux = world.processes(spec.id).into_iter().find(is_tmux).unwrap();
    kill(tmux);
    let mut viewer = world.view(&spec).await;
    // Before this mark it would count as the end of what the old terminal printed.
    viewer.expect("aiworker session").await;
    viewer.expect("this is a new one").await;
    assert_eq!(viewer.ask("pwd").await, "/workspace");
    assert!(world.runtime.logs(spec.id, 5).await.unwrap().contains("tmux had ended"));
    assert_eq!(world.state(spec.id).await, Observed::Running);
    world.runtime.remove(spec.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_program_is_named_with_its_remedy() {
    for name in ["ttyd", "tmux"] {
        let world = World::with(|config| *field(config, name) = None).await;
        match world.runtime.ensure(&spec()).await {
            Err(RuntimeError::Refused { reason: Reason::MissingProgram, message }) => {
                assert!(message.starts_with(&format!("{name} is missing")) && message.contains("Install"), "{message}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(world.runtime.inventory().await.unwrap(), []);
    }
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.programs.tmux = Some(folder.path().join("uninstalled"));
    let checks = preflight(&config);
    let of = |name: &str| &checks.iter().find(|check| check.name == name).unwrap().outcome;
    assert!(matches!(of("ttyd"), Outcome::Good(_)), "{checks:?}");
    assert!(matches!(of("tmux"), Outcome::Broken(remedy) if remedy.contains("apt-get install tmux")), "{checks:?}");
}

fn field<'a>(config: &'a mut ProcessConfig, name: &str) -> &'a mut Option<std::path::PathBuf> {
    if name == "ttyd" { &mut config.programs.ttyd } else { &mut config.programs.tmux }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_clone_is_told_and_the_agent_runs() {
    let world = World::new().await;
    let mut spec = spec();
    // A port that nothing listens on.
    spec.repository = Some(Repository { url: "https://127.0.0.1:9/x.git".into(), branch: "main".into() });
    let mut events = world.runtime.events();
    world.runtime.ensure(&spec).await.unwrap();
    let told = until_event(&mut events, |o| o.reason == Some(Reason::CloneFailed)).await;
    assert_eq!(told.state, Observed::Running);
    assert!(told.message.contains("fatal: unable to access"), "{}", told.message);
    let mut viewer = world.view(&spec).await;
    viewer.expect("could not be cloned").await;
    assert_eq!(viewer.ask("ls -A | wc -l").await, "0");
    assert!(world.runtime.logs(spec.id, 20).await.unwrap().contains("could not be cloned"));
    world.runtime.remove(spec.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_is_cloned_at_the_first_start_even_after_a_cut() {
    let origin = tempfile::tempdir().unwrap();
    let (port, _daemon) = serve_repository(origin.path());
    let world = World::new().await;
    let mut spec = spec();
    spec.repository = Some(Repository { url: format!("git://127.0.0.1:{port}/project"), branch: "main".into() });
    spec.start_command = "cat README; git --no-pager log --format=%an".into();
    // What a clone that was killed leaves.
    fs::create_dir_all(world.folder(spec.id).join("workspace/.aiworker-clone/.git")).unwrap();
    let mut viewer = {
        world.up(&spec).await;
        world.view(&spec).await
    };
    viewer.expect("hello from the repository").await;
    viewer.expect("Grace").await;
    assert_eq!(
        viewer.ask("git status --short --branch; ls -A | wc -l; echo mine >> README").await,
        "## main...origin/main2"
    );
    // Later starts leave the workspace alone.
    world.runtime.stop(spec.id).await.unwrap();
    spec.generation += 1;
    world.up(&spec).await;
    world.view(&spec).await.expect("mine").await;
    assert_eq!(world.runtime.observe(spec.id).await.unwrap().message, "");
    world.runtime.remove(spec.id).await.unwrap();

    // A repository that has no commit yet.
    let mut spec = crate::world::spec();
    spec.repository = Some(Repository { url: format!("git://127.0.0.1:{port}/empty"), branch: "trunk".into() });
    spec.start_command = "git symbolic-ref HEAD".into();
    world.up(&spec).await;
    world.view(&spec).await.expect("refs/heads/trunk").await;
    world.runtime.remove(spec.id).await.unwrap();
}

/// Serves `project` with one commit and `empty` with none.
fn serve_repository(folder: &std::path::Path) -> (u16, Daemon) {
    let git = |arguments: &str| {
        let script =
            format!("cd {} && git -c user.name=Grace -c user.email=g@example.org {arguments}", folder.display());
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    git("init -q -b main project && echo hello from the repository > project/README && git -C project add README");
    git("-C project commit -q -m first && git init -q empty");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut daemon = Command::new("git");
    daemon.args(["daemon", "--reuseaddr", "--export-all", "--listen=127.0.0.1"]).arg(format!("--port={port}"));
    let mut daemon =
        daemon.arg(format!("--base-path={}", folder.display())).arg(folder).process_group(0).spawn().unwrap();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(daemon.try_wait().unwrap().is_none(), "git daemon ended");
        std::thread::yield_now();
    }
    (port, Daemon(daemon))
}

/// Ended with the test, and with it the helper that `git daemon` starts.
struct Daemon(std::process::Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_never_answers_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let deaf = folder.path().join("ttyd");
    fs::write(&deaf, "#!/bin/sh\necho ttyd is deaf today\nexec sleep 1000\n").unwrap();
    fs::set_permissions(&deaf, fs::Permissions::from_mode(0o755)).unwrap();
    let world = World::with(|config| {
        config.programs.ttyd = Some(deaf.clone());
        config.start_timeout = Duration::from_millis(500);
    })
    .await;
    let spec = spec();
    let mut events = world.runtime.events();
    world.runtime.ensure(&spec).await.unwrap();
    let told = until(&mut events, spec.id, Observed::Failed).await;
    assert_eq!(told.reason, Some(Reason::StartTimeout));
    assert!(told.message.contains("ttyd is deaf today"), "{}", told.message);
    assert_eq!(world.processes(spec.id), Vec::<u32>::new());
    world.runtime.remove(spec.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_that_cannot_be_made_is_told_with_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("bwrap");
    // Good enough to be taken for bubblewrap at first.
    fs::write(
        &broken,
        "#!/bin/sh\n[ \"$1\" != --json-status-fd ] && exit 0\necho bwrap: no namespaces left >&2; exit 1\n",
    )
    .unwrap();
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o755)).unwrap();
    let world = World::with(|config| config.programs.bwrap = Some(broken.clone())).await;
    let told = world.runtime.ensure(&spec()).await.unwrap();
    assert_eq!((told.state, told.reason), (Observed::Failed, Some(Reason::StartFailed)));
    assert!(told.message.contains("no namespaces left"), "{}", told.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_beyond_the_limit_is_told_as_such() {
    let world = World::new().await;
    if !world.runtime.status().limits_memory {
        eprintln!("left out: control groups cannot be written here");
        return;
    }
    let mut spec = spec();
    spec.limits.memory_mib = 256;
    world.up(&spec).await;
    let mut viewer = world.view(&spec).await;
    // `tail` keeps the last line, which never ends.
    assert_eq!(viewer.ask("tail /dev/zero 2>/dev/null; echo code $?").await, "code 137");
    let told = world.runtime.observe(spec.id).await.unwrap();
    assert_eq!((told.state, told.reason), (Observed::Running, Some(Reason::OutOfMemory)));
    assert!(told.message.contains("256 MiB"), "{}", told.message);
    let mut events = world.runtime.events();
    kill(crate::world::first_process(&world.folder(spec.id)));
    let told = until(&mut events, spec.id, Observed::Failed).await;
    assert_eq!(told.reason, Some(Reason::OutOfMemory));
    world.runtime.remove(spec.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_processes_are_refused_to_the_agent_only() {
    let world = World::new().await;
    if !world.runtime.status().limits_processes {
        eprintln!("left out: control groups cannot be written here");
        return;
    }
    let mut spec = spec();
    spec.limits.processes = 32;
    world.up(&spec).await;
    let mut viewer = world.view(&spec).await;
    let started = viewer.ask("n=0; for i in $(seq 60); do ( sleep 5 >/dev/null 2>&1 & ) 2>/dev/null && n=$((n+1)); done; ls -d /proc/[0-9]* | wc -l").await;
    assert!(started.parse::<u32>().unwrap_or(0) <= 32, "{started}");
    world.runtime.remove(spec.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_cannot_be_made_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(ProcessRuntime::new(config(&folder.path().join("file/data"))).await.is_err());
}
