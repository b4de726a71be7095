//! Several who look at one terminal: who they are, what they may, and what is noted of it.

use std::time::Duration;

use domain::{
    AgentId, AuditAction,
    terminal::{EndCode, Mode, ServerFrame, Status},
};
use futures::StreamExt as _;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::{
    FakeTtyd, TestApp, live, open, running_agent,
    viewer::{PATIENCE, Viewer},
};
use crate::support::{Client, eventually};

/// Waits until the viewer is told so.
async fn told(viewer: &mut Viewer, wanted: Status) {
    let search = async {
        loop {
            let message = viewer.socket.next().await.unwrap().unwrap();
            if let Message::Binary(frame) = message
                && ServerFrame::decode(&frame) == Ok(ServerFrame::Status(wanted))
            {
                return;
            }
        }
    };
    timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("nobody said {wanted:?}"));
}

async fn watcher(app: &TestApp, browser: &Client, agent: AgentId) -> (Viewer, FakeTtyd) {
    let mut viewer = Viewer::connect(app.address, browser, agent).await.unwrap();
    viewer.hello_again(Mode::Watch, None).await;
    let ttyd = FakeTtyd::accept(app).await;
    viewer.welcomed().await;
    (viewer, ttyd)
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_who_looks_as_they_come_and_go() {
    let app = TestApp::new().await;
    let (browser, agent, mut driver, _ttyd) = live(&app).await;
    let status = |drivers, watchers| Status { attached: true, drivers, watchers };
    let (mut watcher, _watched) = watcher(&app, &browser, agent).await;
    told(&mut driver, status(1, 1)).await;
    told(&mut watcher, status(1, 1)).await;
    let mut second = Viewer::connect(app.address, &browser, agent).await.unwrap();
    second.hello(100, 40).await;
    let _second_ttyd = FakeTtyd::accept(&app).await;
    told(&mut watcher, status(2, 1)).await;
    second.socket.close(None).await.unwrap();
    told(&mut driver, status(1, 1)).await;
    watcher.socket.close(None).await.unwrap();
    told(&mut driver, status(1, 0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_watches_changes_no_size() {
    let app = TestApp::new().await;
    let (browser, agent, _driver, _ttyd) = live(&app).await;
    let (mut viewer, mut ttyd) = watcher(&app, &browser, agent).await;
    assert!(ttyd.request.ends_with(" watch\n"), "attach.sh is told: {:?}", ttyd.request);
    viewer.resize(130, 50).await;
    // Its own attachment learns of it, because it paints for that size. tmux is told to ignore it.
    assert_eq!(ttyd.next().await.unwrap(), b"1{\"columns\":130,\"rows\":50}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_another_server_ended_is_noticed_when_it_is_checked_again() {
    let app = TestApp::rechecking(Duration::from_millis(100)).await;
    let (_, _, mut viewer, mut ttyd) = live(&app).await;
    // Behind this server's back: no signal comes.
    let user = app.state.store.user_by_name("owner").await.unwrap().unwrap().user.id;
    for session in app.state.store.sessions_of(user).await.unwrap() {
        assert!(app.state.store.delete_session(user, session.id).await.unwrap());
    }
    let (end, close) = viewer.end().await;
    assert_eq!((end.code, end.retry, close), (EndCode::Unauthorized, false, 4401));
    assert_eq!(ttyd.next().await, None);
}

/// Who looked is signed out, and not let in again.
async fn expect_no_more(app: &TestApp, who: &Client, agent: AgentId, mut viewer: Viewer) {
    let (end, close) = viewer.end().await;
    assert_eq!((end.code, end.retry, close), (EndCode::Unauthorized, false, 4401));
    let (status, _) = Viewer::connect(app.address, who, agent).await.err().expect("it was let in");
    assert_eq!(status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_expires_ends_its_terminals_and_opens_no_more() {
    let app = TestApp::rechecking(Duration::from_millis(100)).await;
    let (_, agent) = running_agent(&app).await;
    let user = app.state.store.user_by_name("owner").await.unwrap().unwrap().user.id;
    let browser = app.browser_for(user, Duration::from_secs(2)).await;
    let (viewer, _ttyd) = open(&app, &browser, agent).await;
    expect_no_more(&app, &browser, agent, viewer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_revoked_ends_its_terminals_and_opens_no_more() {
    let app = TestApp::rechecking(Duration::from_millis(100)).await;
    let (browser, agent) = running_agent(&app).await;
    let user = app.state.store.user_by_name("owner").await.unwrap().unwrap().user.id;
    let program = app.program_of(user).await;
    let (viewer, _ttyd) = open(&app, &program, agent).await;
    let tokens = browser.get("/api/tokens").await.data();
    let token = tokens.as_array().unwrap().iter().find(|token| token["name"] == "program").unwrap();
    browser.delete(&format!("/api/tokens/{}", token["id"].as_str().unwrap())).await.data();
    expect_no_more(&app, &program, agent, viewer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_says_who_looked_from_when_to_when_and_whether_they_could_type() {
    let app = TestApp::new().await;
    let (browser, agent, driver, ttyd) = live(&app).await;
    let (mut watching, _watched) = watcher(&app, &browser, agent).await;
    watching.socket.close(None).await.unwrap();
    // A cut is no end, and a return no beginning.
    let resume = driver.resume.clone();
    drop(driver);
    let mut driver = Viewer::connect(app.address, &browser, agent).await.unwrap();
    driver.hello_again(Mode::Drive, Some(resume)).await;
    driver.welcomed().await;
    driver.socket.close(None).await.unwrap();
    drop(ttyd);

    let entries = async || {
        let all = app.state.store.audit(100).await.unwrap();
        let terminal = [AuditAction::AttachTerminal, AuditAction::WatchTerminal, AuditAction::DetachTerminal];
        let about = all.into_iter().filter(|entry| terminal.contains(&entry.action));
        about.map(|entry| (entry.action, entry.object.unwrap(), entry.actor.name)).collect::<Vec<_>>()
    };
    eventually("all four entries are there", async || entries().await.len() == 4).await;
    let entries = entries().await;
    let mut attachments = Vec::new();
    for begins in [AuditAction::AttachTerminal, AuditAction::WatchTerminal] {
        let of: Vec<_> = entries.iter().filter(|(action, _, _)| *action == begins).collect();
        let [(_, object, name)] = of.as_slice() else { panic!("{entries:?}") };
        assert!(object.starts_with(&agent.to_string()) && name == "owner", "{entries:?}");
        let ends =
            entries.iter().filter(|(action, other, _)| *action == AuditAction::DetachTerminal && other == object);
        assert_eq!(ends.count(), 1, "{entries:?}");
        attachments.push(object.clone());
    }
    assert_ne!(attachments[0], attachments[1]);
}
