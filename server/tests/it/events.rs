//! Live events over HTTP: they come as they happen, a client that comes back misses nothing, and they end with the
//! session.

use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

/// How long an event may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// One event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub id: String,
    pub data: Value,
}

/// Reads the events of a stream one by one.
pub struct Stream {
    response: futures::stream::BoxStream<'static, reqwest::Result<axum::body::Bytes>>,
    buffer: String,
}

impl Stream {
    /// Opens the stream.
    pub async fn open(client: &Client, path: &str) -> Self {
        let response = client.stream(path).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(!response.headers().contains_key("content-encoding"), "compression would hold events back");
        Self { response: response.bytes_stream().boxed(), buffer: String::new() }
    }

    /// The next event; nothing when the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                let field = |name: &str| {
                    block.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
                };
                if let Some(data) = field("data:") {
                    let data = serde_json::from_str(&data).unwrap();
                    return Some(Event { name: field("event:").unwrap(), id: field("id:").unwrap(), data });
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.next()).await.expect("no event came")?;
            self.buffer.push_str(std::str::from_utf8(&chunk.ok()?).unwrap());
        }
    }

    /// The next event of this name.
    pub async fn next_called(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await.expect("the stream ended");
            if event.name == name {
                return event;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_as_they_happen_and_only_to_their_owner() {
    let app = TestApp::new().await;
    let ann = app.register("ann").await;
    let objects = app.objects_of(ann).await;
    let browser = app.browser_of(ann).await;
    let mut mine = Stream::open(&browser, "/api/events").await;
    assert_eq!(mine.next().await.unwrap().name, "resync", "a page that was never connected reads again");
    let mut other = Stream::open(&app.user("bob").await, "/api/events").await;
    assert_eq!(other.next().await.unwrap().name, "resync");

    let path = format!("/api/tasks/{}", objects.task);
    assert_eq!(browser.patch(&path, &json!({ "title": "renamed" })).await.status, 200);
    let event = mine.next_called("task").await;
    assert_eq!((event.data["type"].as_str(), event.data["title"].as_str()), (Some("task"), Some("renamed")));

    let bob = app.user("carl").await;
    drop(bob);
    app.state.lifecycle.soft().cancel();
    assert_eq!(other.next().await, None, "nothing of hers, and the end when the server stops");
    assert_eq!(mine.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_comes_back_gets_what_it_missed() {
    let app = TestApp::new().await;
    let ann = app.register("ann").await;
    let objects = app.objects_of(ann).await;
    let browser = app.browser_of(ann).await;
    let path = format!("/api/tasks/{}", objects.task);
    let mut stream = Stream::open(&browser, "/api/events").await;
    assert_eq!(stream.next().await.unwrap().name, "resync");
    assert_eq!(browser.patch(&path, &json!({ "title": "one" })).await.status, 200);
    let seen = stream.next_called("task").await;
    drop(stream);
    for title in ["two", "three"] {
        assert_eq!(browser.patch(&path, &json!({ "title": title })).await.status, 200);
    }
    for (client, path) in [
        (browser.with_header("last-event-id", &seen.id), "/api/events".to_owned()),
        (browser.clone(), format!("/api/events?last_event_id={}", seen.id)),
    ] {
        let mut stream = Stream::open(&client, &path).await;
        for title in ["two", "three"] {
            let event = stream.next().await.unwrap();
            assert_eq!((event.name.as_str(), event.data["title"].as_str()), ("task", Some(title)));
        }
    }
    let mut unknown = Stream::open(&browser.with_header("last-event-id", "nonsense"), "/api/events").await;
    assert_eq!(unknown.next().await.unwrap().name, "resync");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_ends_with_the_session() {
    let app = TestApp::new().await;
    let browser = app.user("ann").await;
    let mut stream = Stream::open(&browser, "/api/events").await;
    assert_eq!(stream.next().await.unwrap().name, "resync");
    assert_eq!(browser.send(http::Method::POST, "/api/auth/logout", None).await.status, 200);
    assert_eq!(stream.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_seen_on_its_way_from_launch_to_deletion() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let ann = app.register("ann").await;
    let browser = app.browser_of(ann).await;
    let mut stream = Stream::open(&browser, "/api/events").await;
    let project: domain::ProjectId = browser.made("/api/projects", &json!({ "name": "x" })).await;
    let launched = browser.post("/api/agents/launch", &json!({ "project_id": project })).await;
    assert_eq!(launched.status, 202);
    let id = launched.data()["agentId"].as_str().unwrap().to_owned();
    assert!(launched.data()["podName"].as_str().unwrap().starts_with("agent-"));
    loop {
        let event = stream.next_called("agent").await;
        if event.data["phase"] == "idle" {
            break;
        }
    }
    assert_eq!(browser.delete(&format!("/api/agents/{id}")).await.status, 202);
    assert_eq!(stream.next_called("agent_removed").await.data["id"], id.as_str());
    assert_eq!(browser.get(&format!("/api/agents/{id}")).await.status, 404);
}
