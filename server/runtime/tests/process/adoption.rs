//! The server goes away, at any moment, and the next one finds its agents.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use domain::{Observed, Reason};
use runtime::{AgentRuntime, process::ProcessRuntime};

use crate::world::{World, config, count_of_firsts, eventually, first_process, kill, processes_of, spec, stat, until};

/// Set for the helper below: the data folder to start an agent in.
const HELPER_DATA: &str = "AIWORKER_TEST_HELPER_DATA";
const HELPER_AGENT: &str = "AIWORKER_TEST_HELPER_AGENT";
const COUNTER: &str = "i=0; while :; do i=$((i+1)); echo count-$i; sleep 0.05; done";

#[tokio::test(flavor = "multi_thread")]
async fn the_next_server_adopts_the_agent_with_its_screen() {
    let world = World::new().await;
    let spec = spec();
    world.up(&spec).await;
    let mut viewer = world.view(&spec).await;
    viewer.ask("echo on-the-screen").await;
    let before = world.processes(spec.id);

    let world = world.restart().await;
    assert_eq!(world.state(spec.id).await, Observed::Running);
    assert_eq!(world.runtime.ensure(&spec).await.unwrap().state, Observed::Running);
    // The first viewer's tmux client may have gone, nothing else changed.
    assert!(world.processes(spec.id).iter().all(|pid| before.contains(pid)));
    world.view(&spec).await.expect("on-the-screen").await;

    let mut events = world.runtime.events();
    world.runtime.stop(spec.id).await.unwrap();
    until(&mut events, spec.id, Observed::Stopped).await;
    assert_eq!(world.processes(spec.id), Vec::<u32>::new());
    world.runtime.remove(spec.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_between_two_servers_is_known_to_the_second() {
    let world = World::new().await;
    let (ended, mut stopped) = (spec(), spec());
    world.up(&ended).await;
    world.up(&stopped).await;
    world.runtime.stop(stopped.id).await.unwrap();
    let main = first_process(&world.folder(ended.id));
    let kill_it = || {
        kill(main);
        while stat(main).is_some_and(|fields| fields[0] != "Z") {
            std::thread::yield_now();
        }
    };
    let world = world.restart_after(kill_it).await;
    let seen = world.runtime.observe(ended.id).await.unwrap();
    assert_eq!((seen.state, seen.reason), (Observed::Failed, Some(Reason::Exited)));
    assert_eq!(world.state(stopped.id).await, Observed::Stopped);
    stopped.generation += 1;
    world.up(&stopped).await;
    world.runtime.remove(ended.id).await.unwrap();
    world.runtime.remove(stopped.id).await.unwrap();
}

/// Not a test of its own: what the tests below start and kill.
#[tokio::test(flavor = "multi_thread")]
async fn helper_that_is_killed() {
    let (Ok(data), Ok(id)) = (std::env::var(HELPER_DATA), std::env::var(HELPER_AGENT)) else { return };
    let runtime = ProcessRuntime::new(config(Path::new(&data))).await.unwrap();
    let mut spec = spec();
    spec.id = id.parse().unwrap();
    spec.start_command = COUNTER.into();
    runtime.ensure(&spec).await.unwrap();
    std::future::pending::<()>().await;
}

fn start_helper(world: &World, spec: &runtime::AgentSpec) -> std::process::Child {
    let mut helper = Command::new(std::env::current_exe().unwrap());
    helper.args(["--exact", "adoption::helper_that_is_killed", "--nocapture"]);
    helper.env(HELPER_DATA, &world.data).env(HELPER_AGENT, spec.id.to_string());
    helper.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_goes_on_through_the_servers_death() {
    let world = World::new().await;
    let spec = spec();
    let mut helper = start_helper(&world, &spec);
    let socket = world.folder(spec.id).join("run/ttyd.sock");
    eventually("the helper's agent is up", || socket.exists()).await;
    helper.kill().unwrap();
    helper.wait().unwrap();

    let world = world.restart().await;
    let first = world.up(&spec).await;
    assert_eq!(first.state, Observed::Running);
    let mut viewer = world.view(&spec).await;
    viewer.expect("count-").await;
    let seen = last_count(&viewer.printed);
    viewer.expect(&format!("count-{}", seen + 20)).await;
    viewer.close().await;
    world.runtime.remove(spec.id).await.unwrap();
}

/// Kills the helper at many different moments of a start. Whatever is there then, there is one of it afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_while_it_starts_an_agent_leaves_nothing_double() {
    let mut world = World::new().await;
    let spec = spec();
    let moments =
        ["lock", "status.json", "run/terminal-password", "arguments", "state.json", "start.log", "run/tmux.sock"];
    for (number, look_for) in moments.into_iter().enumerate() {
        let mut helper = start_helper(&world, &spec);
        let folder = world.folder(spec.id);
        // Some are there for an instant only: then the next one is the moment.
        eventually(look_for, || moments[number..].iter().any(|sign| folder.join(sign).exists())).await;
        helper.kill().unwrap();
        helper.wait().unwrap();
        world = world.restart().await;
        world.up(&spec).await;
        assert_eq!(count_of_firsts(&world.folder(spec.id)), 1, "{look_for}");
        world.runtime.remove(spec.id).await.unwrap();
        assert_eq!(processes_of(&world.folder(spec.id)), Vec::<u32>::new(), "{look_for}");
    }
}

fn last_count(text: &str) -> u64 {
    text.rsplit("count-").find_map(|part| part.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()).unwrap()
}
