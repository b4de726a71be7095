//! What a viewer's terminal answers by itself must never end up as something typed. On a real agent: it is tmux that asks.

use super::real::{agent_of_new_user, ready, remove, ttyd};
use crate::support::Program;

/// What tmux asks every terminal that it is attached to, and what xterm.js answers.
const QUESTION: &str = "\x1b[>c";
const ANSWER: &str = "\x1b[>0;276;0c";

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_answers_late_types_nothing() {
    let data = tempfile::tempdir().unwrap();
    let server = Program::new(data.path(), &["serve"]).env("AIWORKER_TTYD", ttyd().to_str().unwrap()).start().await;
    let (browser, agent) = agent_of_new_user(&server.address).await;
    let mut viewer = ready(&server.address, &browser, agent).await;
    viewer.input(0, b"echo before-$((1+1)); cat; echo after-$((1+2))\r").await;
    let mut shown = viewer.output_until("before-2").await;
    // The viewer has not come to answer yet when it is attached anew, as on a slow line; then it answers both times at once.
    viewer.resize(90, 30).await;
    viewer.reset().await;
    shown.push_str(&viewer.output_until("before-2").await);
    let answers = ANSWER.repeat(shown.matches(QUESTION).count());
    viewer.input(1, answers.as_bytes()).await;
    // `cat` ends at the beginning of a line only.
    viewer.input(2, b"\x04").await;
    viewer.output_until("after-3").await;
    assert!(answers.is_empty(), "a viewer was asked");
    remove(&browser, agent).await;
}

/// tmux has what it asks for before its time is over: only then it asks for reports of the focus.
#[tokio::test(flavor = "multi_thread")]
async fn tmux_is_answered_at_once() {
    let data = tempfile::tempdir().unwrap();
    let server = Program::new(data.path(), &["serve"]).env("AIWORKER_TTYD", ttyd().to_str().unwrap()).start().await;
    let (browser, agent) = agent_of_new_user(&server.address).await;
    let mut viewer = ready(&server.address, &browser, agent).await;
    let begun = std::time::Instant::now();
    viewer.output_until("\x1b[?1004h").await;
    assert!(begun.elapsed() < std::time::Duration::from_millis(4500), "it gave up waiting after five seconds");
    remove(&browser, agent).await;
}
