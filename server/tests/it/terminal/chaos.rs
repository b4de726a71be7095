//! Real agents, and viewers to whom everything happens: cuts, stalls, sizes, seeded and repeatable. On the cluster the same happens to
//! viewers of pods (`server/tests/cluster/chaos.rs`).
//!
//! `AIWORKER_CHAOS=seed,runs,events` picks another run: so many agents side by side, so many events to each, the first with this seed.

use std::{panic::AssertUnwindSafe, path::PathBuf};

use domain::AgentId;
use futures::{FutureExt as _, future::join_all};
use server::terminal::limits::HISTORY_MIN;
use tokio::process::Command;

use super::real::{another_agent, remove, ttyd, user};
use crate::support::{Client, Program};
use ordeal::{BEYOND_THE_WINDOW, LINE, Ordeal, Tmux};

mod ordeal;

/// What happens unless chosen otherwise: the first seed, agents side by side, events to each.
const CHOICE: (u64, u64, u64) = (7, 10, 100);
/// The tmux of an agent on this host, by its socket.
#[derive(Debug, Clone)]
struct LocalTmux(PathBuf);

impl Tmux for LocalTmux {
    async fn ask(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux").arg("-S").arg(&self.0).args(arguments).output();
        String::from_utf8(output.await.unwrap().stdout).unwrap()
    }
}

fn choice() -> (u64, u64, u64) {
    let Ok(chosen) = std::env::var("AIWORKER_CHAOS") else { return CHOICE };
    let numbers: Vec<u64> = chosen.split(',').map(|number| number.parse().unwrap()).collect();
    let [seed, runs, events] = numbers.try_into().expect("AIWORKER_CHAOS is seed,runs,events");
    (seed, runs, events)
}

/// Starts a server with so many agents, and removes them whatever becomes of the test.
async fn with_agents(runs: u64, test: impl AsyncFn(String, Client, Vec<(AgentId, LocalTmux)>)) {
    let data = tempfile::tempdir().unwrap();
    let server = Program::new(data.path(), &["serve"]).env("AIWORKER_TTYD", ttyd().to_str().unwrap()).start().await;
    let (browser, project) = user(&server.address).await;
    let agents = join_all((0..runs).map(|_| another_agent(&browser, &project))).await;
    let sockets =
        agents.iter().map(|agent| (*agent, LocalTmux(data.path().join(format!("agents/{agent}/run/tmux.sock")))));
    let running = test(server.address.clone(), browser.clone(), sockets.collect());
    let outcome = AssertUnwindSafe(running).catch_unwind().await;
    join_all(agents.iter().map(|agent| remove(&browser, *agent))).await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_the_screen_is_that_of_tmux() {
    let (seed, runs, events) = choice();
    with_agents(runs, async |address, browser, agents| {
        let runs = agents.into_iter().zip(seed..).map(async |((agent, tmux), seed)| {
            Ordeal::open(&address, &browser, agent, tmux).await.run(seed, events).await;
        });
        join_all(runs).await;
    })
    .await;
}

/// tmux moves lines between history and screen when it brings the main screen back.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_screen_program_that_ends_after_a_new_size_leaves_no_line_twice() {
    with_agents(1, async |address, browser, agents| {
        let [(agent, tmux)] = agents.try_into().unwrap();
        let mut ordeal = Ordeal::open(&address, &browser, agent, tmux).await;
        ordeal.type_in("100\r").await;
        ordeal.settle(101, "before").await;
        ordeal.type_in("f\r").await;
        ordeal.agree("full", "before").await;
        let epoch = ordeal.viewer.resume.epoch;
        ordeal.resize(80, 40).await;
        while ordeal.viewer.resume.epoch == epoch {
            ordeal.read().await;
        }
        ordeal.agree("full", "laid out anew").await;
        ordeal.type_in("5\r").await;
        ordeal.settle(106, "after").await;
    })
    .await;
}

/// Beyond what may be under way and what waits, output is left out; in the end the viewer shows what tmux shows, with all lines.
#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_stalls_beyond_its_window_ends_where_tmux_is() {
    with_agents(1, async |address, browser, agents| {
        let [(agent, tmux)] = agents.try_into().unwrap();
        let mut ordeal = Ordeal::open(&address, &browser, agent, tmux).await;
        let total = 1 + BEYOND_THE_WINDOW;
        ordeal.type_in(&format!("s{BEYOND_THE_WINDOW}\r")).await;
        ordeal.stall(total, "a stall").await;
        assert_eq!(ordeal.skips, 0, "it is not told before it reads");
        ordeal.settle(total, "after the stall").await;
        assert_eq!(ordeal.skips, 1, "it was not beyond the window");
        ordeal.type_in("5\r").await;
        ordeal.settle_without_gaps(total + 5, HISTORY_MIN / LINE / 2).await;
    })
    .await;
}
