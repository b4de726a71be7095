//! Why a terminal ends, in words and as a close code.

use std::collections::BTreeSet;

use domain::terminal::EndCode;
use server::terminal::limits::DRAIN_SPREAD_MS;

use super::{TestApp, live, running_agent, viewer::Viewer};
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_stopped_says_so() {
    let app = TestApp::new().await;
    let (browser, agent, mut viewer, mut ttyd) = live(&app).await;
    browser.post(&format!("/api/agents/{agent}/stop"), &()).await.data();
    let (end, close) = viewer.end().await;
    assert_eq!((end.code, end.retry, close), (EndCode::NotRunning, false, 4409));
    assert!(end.message.contains("stopped") && end.message.contains("start it"), "{}", end.message);
    assert_eq!(ttyd.next().await, None, "both legs end together");

    // One that is opened now hears the same.
    let mut viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
    viewer.hello(80, 24).await;
    assert_eq!(viewer.end().await.0.code, EndCode::NotRunning);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_deleted_says_so() {
    let app = TestApp::new().await;
    let (browser, agent, mut viewer, _ttyd) = live(&app).await;
    browser.delete(&format!("/api/agents/{agent}")).await.data();
    let (end, close) = viewer.end().await;
    assert_eq!((end.code, end.retry, close), (EndCode::NotFound, false, 4404));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_terminal_at_once() {
    let app = TestApp::new().await;
    let (browser, _, mut viewer, _ttyd) = live(&app).await;
    browser.post("/api/auth/logout", &()).await.data();
    let (end, close) = viewer.end().await;
    assert_eq!((end.code, end.retry, close), (EndCode::Unauthorized, false, 4401));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_down_says_so_and_waits_for_its_terminals() {
    let app = TestApp::new().await;
    let (_, _, mut viewer, mut ttyd) = live(&app).await;
    let lifecycle = app.state.lifecycle.clone();
    let drained = tokio::spawn(async move { lifecycle.drain().await });
    let (end, close) = viewer.end().await;
    assert_eq!((end.code, end.retry, close), (EndCode::Draining, true, 1012));
    assert_eq!(ttyd.next().await, None);
    drop(viewer);
    assert!(drained.await.unwrap(), "nothing had to be cut off");
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_of_a_server_that_goes_down_are_told_to_come_back_at_different_times() {
    const VIEWERS: usize = 8;
    let app = TestApp::new().await;
    let (browser, agent) = running_agent(&app).await;
    let mut open = Vec::new();
    for _ in 0..VIEWERS {
        open.push(super::open(&app, &browser, agent).await);
    }
    let lifecycle = app.state.lifecycle.clone();
    let drained = tokio::spawn(async move { lifecycle.drain().await });
    let mut pauses = BTreeSet::new();
    for (mut viewer, _ttyd) in open {
        let (end, close) = viewer.end().await;
        assert_eq!((end.code, end.retry, close), (EndCode::Draining, true, 1012));
        assert!(end.retry_after_ms < DRAIN_SPREAD_MS, "{} ms", end.retry_after_ms);
        pauses.insert(end.retry_after_ms);
    }
    // Two of them may throw the same number.
    assert!(pauses.len() > VIEWERS / 2, "they all come back after {pauses:?} ms");
    assert!(drained.await.unwrap(), "nothing had to be cut off");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_user_is_told() {
    let app = TestApp::new().await;
    let (browser, agent, _viewer, _ttyd) = live(&app).await;
    let mut open = Vec::new();
    for _ in 1..server::terminal::Limits::default().per_user {
        open.push(Viewer::connect(app.address, &browser, agent).await.unwrap());
    }
    let mut refused = Viewer::connect(app.address, &browser, agent).await.unwrap();
    let (end, close) = refused.end().await;
    assert_eq!((end.code, close), (EndCode::Limit, 4429));
    assert!(end.message.contains("50 terminals"), "{}", end.message);
    drop(open.pop());
    eventually("a place is free again", async || {
        let mut viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
        viewer.raw(vec![4, 0, 0, 0, 0]).await;
        viewer.end().await.0.code == EndCode::Protocol
    })
    .await;
}
