//! Nothing is left of a terminal that was closed, however it was closed.

use std::time::Duration;

use super::{TestApp, open, running_agent, viewer::Viewer};
use crate::support::eventually;

/// Terminals that are opened and closed. Two of three have a socket on either side, so that one file left by each would be seen above
/// what other tests of this process have open.
const ROUNDS: usize = 150;

/// Files and sockets that this process has open.
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_terminals_leave_no_task_and_no_file() {
    let app = TestApp::keeping(Duration::ZERO).await;
    let (browser, agent) = running_agent(&app).await;
    drop(open(&app, &browser, agent).await);
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let is_quiet = async || app.state.metrics.encode().unwrap().contains("aiworker_terminal_sessions 0");
    eventually("the first one is gone", is_quiet).await;
    let before = (tasks(), open_files());
    for round in 0..ROUNDS {
        match round % 3 {
            // The browser vanishes.
            0 => drop(open(&app, &browser, agent).await),
            // The agent's side vanishes, and the browser soon after.
            1 => {
                let (viewer, ttyd) = open(&app, &browser, agent).await;
                drop(ttyd);
                drop(viewer);
            }
            // The browser breaks the protocol.
            _ => {
                let mut viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
                viewer.raw(vec![0x7f]).await;
                viewer.end().await;
            }
        }
    }
    eventually("every session has ended", is_quiet).await;
    // Other tests of this process open and close files meanwhile: only a growth by sessions would be a leak.
    eventually("tasks and files are back to where they were", async || {
        tasks() <= before.0 + 2 && open_files() < before.1 + ROUNDS / 2
    })
    .await;
}
