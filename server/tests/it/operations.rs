//! What operators and their machines see: health, readiness, metrics, and the way down.

use std::time::Duration;

use server::{admin_listener, lifecycle::Lifecycle, listener};
use tokio::net::TcpListener;

use crate::support::{Client, TestApp, eventually};

/// A client of the operators' own listener.
pub async fn admin_of(app: &TestApp) -> Client {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(listener::serve(socket, admin_listener::router(app.state.clone()), Lifecycle::default()));
    Client::new(address)
}

#[tokio::test(flavor = "multi_thread")]
async fn health_needs_nobody() {
    let app = TestApp::new().await;
    let answer = app.anonymous().get("/api/health").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.data()["status"], "ok");
    assert!(answer.data()["version"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_routes_and_never_ids() {
    let app = TestApp::new().await;
    let user = app.register("ann").await;
    let objects = app.objects_of(user).await;
    let browser = app.browser_of(user).await;
    browser.get(&format!("/api/agents/{}", objects.agent)).await;
    browser.get("/nothing/at/all").await;
    let page = admin_of(&app).await.get("/metrics").await;
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(
        text.contains(r#"aiworker_http_requests_total{route="/api/agents/{id}",method="GET",status="200"} 1"#),
        "{text}"
    );
    assert!(text.contains(r#"aiworker_agents{phase="pending"} 1"#), "{text}");
    assert!(text.contains("aiworker_database_up 1"));
    assert!(
        !text.contains(&objects.agent.to_string()) && !text.contains("/nothing"),
        "a label holds what callers chose"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_its_way_down_is_alive_and_not_ready() {
    let app = TestApp::new().await;
    let admin = admin_of(&app).await;
    assert_eq!(admin.get("/readyz").await.status, 200);
    let stream = app.user("ann").await.stream("/api/events").await;
    app.state.lifecycle.soft().cancel();
    assert_eq!(admin.get("/readyz").await.status, 503);
    assert_eq!(admin.get("/livez").await.status, 200);
    drop(stream);
    let drained = tokio::time::timeout(Duration::from_secs(20), app.state.lifecycle.drain()).await;
    assert!(drained.expect("it drained in time"), "every connection ended by itself");
    let address = app.address;
    eventually("the public port is closed", || async move { tokio::net::TcpStream::connect(address).await.is_err() })
        .await;
}
