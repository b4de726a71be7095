//! What was typed last and may not have arrived: the person is told.

use domain::{AgentId, terminal::ResetReason};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::Instant;

use super::{
    FakeTtyd, TestApp, live,
    real::{agent_of_new_user, ready, remove, ttyd},
};
use crate::support::Program;
use server::terminal::limits::INPUT_DRAIN_DEADLINE;

const UNCONFIRMED: &str = "aiworker_terminal_input_unconfirmed_total";

#[tokio::test(flavor = "multi_thread")]
async fn a_ttyd_that_does_not_show_that_it_took_the_keys_is_not_waited_for_for_ever() {
    let app = TestApp::new().await;
    let (_, _, mut viewer, mut silent) = live(&app).await;
    viewer.input(0, b"make").await;
    assert_eq!(silent.typed(4).await, b"make");
    // From here on it takes nothing and answers no ping. The viewer is attached anew.
    let left = Instant::now();
    viewer.resize(120, 40).await;
    let mut next = FakeTtyd::accept(&app).await;
    let waited = left.elapsed();
    assert!(waited >= INPUT_DRAIN_DEADLINE, "the next one was asked after {waited:?}");
    let reset = viewer.reset().await;
    assert_eq!((reset.reason, reset.input_lost), (ResetReason::Resized, true));
    // What is typed now goes on.
    viewer.input(1, b"x").await;
    assert_eq!(next.typed(1).await, b"x");
    let page = app.state.metrics.encode().unwrap();
    assert!(page.contains(&format!("{UNCONFIRMED} 1\n")), "{page}");
    // The silent one is let go of in the end.
    silent.over().await;
}

/// The process id of an agent's ttyd. In a sandbox, the agent is seen in what is mounted there.
fn ttyd_of(agent: AgentId) -> Option<Pid> {
    let agent = agent.to_string();
    let read = |pid: i32, file: &str| {
        let bytes = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let ttyd = pids.find(|pid| {
        let command = read(*pid, "cmdline");
        let program = command.split('\0').next().unwrap_or_default();
        program.rsplit('/').next() == Some("ttyd")
            && (command.contains(&agent)
                || ["environ", "mountinfo"].iter().any(|file| read(*pid, file).contains(&agent)))
    });
    ttyd.and_then(Pid::from_raw)
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_died_with_ttyd_are_told() {
    let data = tempfile::tempdir().unwrap();
    let server = Program::new(data.path(), &["serve"]).env("AIWORKER_TTYD", ttyd().to_str().unwrap()).start().await;
    let (browser, agent) = agent_of_new_user(&server.address).await;
    let mut viewer = ready(&server.address, &browser, agent).await;
    viewer.input(0, b"echo $((6*7))-here\r").await;
    viewer.output_until("42-here").await;
    let ttyd = ttyd_of(agent).expect("ttyd runs");
    kill_process(ttyd, Signal::STOP).unwrap();
    viewer.input(1, b"echo never-$((1+1))\r").await;
    // The server has taken it over and handed it on.
    viewer.pong().await;
    kill_process(ttyd, Signal::KILL).unwrap();
    let reset = viewer.reset().await;
    assert_eq!((reset.reason, reset.input_lost), (ResetReason::Reattached, true));
    // It was indeed lost, and the shell goes on.
    viewer.input(2, b"echo again-$((1+2))\r").await;
    let output = viewer.output_until("again-3").await;
    assert!(!output.contains("never-2"), "{output}");
    remove(&browser, agent).await;
}
