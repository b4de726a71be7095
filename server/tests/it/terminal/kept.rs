//! What is left of a terminal when its agent is not there any more.

use std::time::Duration;

use super::{FakeTtyd, TestApp, running_agent};
use crate::support::{Client, eventually};

const TEXT: &str = "first line\nlast line 漢字\n\n\n";

async fn keeping() -> TestApp {
    TestApp::with(None, |settings| {
        settings.terminals_kept_for = Duration::from_secs(3600);
        settings.terminals_read_every = Duration::ZERO;
    })
    .await
}

async fn read(browser: &Client, agent: domain::AgentId) -> (u16, String) {
    let answer = browser.get(&format!("/agent-terminal/{agent}/history")).await;
    (answer.status.as_u16(), answer.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_screen_stays_readable_for_its_owner_alone_even_without_the_agent() {
    let app = keeping().await;
    let (browser, agent) = running_agent(&app).await;
    let stranger = app.user("stranger").await;
    let page = format!("/agent-terminal/{agent}");

    browser.post(&format!("/api/agents/{agent}/stop"), &()).await.data();
    FakeTtyd::give_history(&app, TEXT).await;
    let path = format!("/api/agents/{agent}");
    eventually("the agent is stopped", async || browser.get(&path).await.data()["phase"] == "stopped").await;
    assert_eq!(read(&browser, agent).await, (200, TEXT.trim_end().to_owned()));
    for (query, kept) in [("", "attachment; filename="), ("?inline=true", "inline; filename=")] {
        let answer = browser.get(&format!("{page}/history{query}")).await;
        let disposition = answer.headers["content-disposition"].to_str().unwrap();
        assert!(disposition.starts_with(kept), "{disposition}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
    assert_eq!(browser.get(&format!("{page}/history?inline=perhaps")).await.status, 400);
    assert!(browser.get(&page).await.text().contains("last line 漢字"));
    assert!(browser.get(&format!("/agents/{agent}")).await.text().contains("last line 漢字"));

    browser.delete(&path).await.data();
    eventually("the agent is gone", async || browser.get(&path).await.status == 404).await;
    assert_eq!(read(&browser, agent).await, (200, TEXT.trim_end().to_owned()));
    let left = browser.get(&page).await;
    assert_eq!(left.status, 200);
    assert!(left.text().contains("last line 漢字"));
    let list = browser.get("/agents").await.text();
    assert!(list.contains("Recently deleted") && list.contains(&page), "{list}");

    // To everybody else it is as if it had never been.
    let nothing = domain::AgentId::from_uuid(uuid::Uuid::nil());
    assert_eq!(read(&stranger, agent).await, read(&stranger, nothing).await);
    assert_eq!(read(&stranger, agent).await.0, 404);
    let theirs = stranger.get(&page).await;
    assert_eq!(theirs.status, 404);
    assert!(!theirs.text().contains("last line"));
    assert!(!stranger.get("/agents").await.text().contains("Recently deleted"));
    assert_eq!(read(&app.anonymous(), agent).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_terminal_says_nothing_is_stopped_all_the_same() {
    let app = keeping().await;
    let (browser, agent) = running_agent(&app).await;
    browser.post(&format!("/api/agents/{agent}/stop"), &()).await.data();
    let path = format!("/api/agents/{agent}");
    eventually("the agent is stopped", async || browser.get(&path).await.data()["phase"] == "stopped").await;
    assert_eq!(read(&browser, agent).await.0, 503);
}
