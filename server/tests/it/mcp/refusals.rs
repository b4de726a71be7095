//! Who and what is sent away, and how.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::json;

use super::{Agent, CURRENT, DOORS, current, legacy, raw, token_of, with_token};
use crate::support::{TestApp, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn only_the_token_of_a_running_agent_opens_it() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    let accepting = app.anonymous().with_header("accept", "application/json, text/event-stream");
    let personal = app.program_of(agent.user).await.with_header("accept", "application/json, text/event-stream");
    let cookie = app.browser_of(agent.user).await.with_header("accept", "application/json, text/event-stream");
    let cases = [
        ("nothing", accepting.clone()),
        ("a wrong token", with_token(&accepting, &format!("{}x", agent.token))),
        ("no bearer", accepting.with_header("authorization", &format!("Basic {}", agent.token))),
        ("a personal token", personal),
        ("a cookie", cookie),
    ];
    for (who, client) in cases {
        let answer = current(&client, "tools/list", json!({})).await;
        assert_eq!(answer.status, 401, "{who}: {}", answer.text());
        assert_eq!(answer.header("www-authenticate"), r#"Bearer error="invalid_token""#, "{who}");
        assert_eq!(answer.json()["message"], "Unauthorized", "{who}");
    }
    // At the plain door people may knock, too, but not without saying for which of their agents.
    for (who, client) in [("nothing", accepting.clone()), ("a wrong token", with_token(&accepting, "awa_x"))] {
        assert_eq!(client.post("/api/mcp/list_my_tasks", &json!({})).await.status, 401, "{who}");
    }
    // Nor does an agent's token open what a personal token opens.
    assert_eq!(agent.client.get("/api/projects").await.status, 401);

    assert_eq!(app.browser_of(agent.user).await.delete(&format!("/api/agents/{}", agent.id)).await.status, 202);
    eventually("the token is dead", async || current(&agent.client, "tools/list", json!({})).await.status == 401).await;
    assert_eq!(agent.client.post("/api/mcp/list_my_tasks", &json!({})).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_with_the_run_that_it_was_made_for() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    let browser = app.browser_of(agent.user).await;
    let works = async |client: &super::Client| {
        let statuses = (
            current(client, "tools/list", json!({})).await.status.as_u16(),
            client.post("/api/mcp/list_my_tasks", &json!({})).await.status.as_u16(),
        );
        assert!(matches!(statuses, (200, 200) | (401, 401)), "{statuses:?}");
        statuses.0 == 200
    };
    assert!(works(&agent.client).await);
    assert_eq!(browser.post(&format!("/api/agents/{}/stop", agent.id), &json!({})).await.status, 200);
    assert!(!works(&agent.client).await, "a stopped agent's token");
    assert_eq!(browser.post(&format!("/api/agents/{}/start", agent.id), &json!({})).await.status, 200);
    let fresh = token_of(&app, agent.id, Some(&agent.token)).await;
    assert!(works(&with_token(&app.anonymous(), &fresh)).await);
    assert!(!works(&agent.client).await, "the token of a run that is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_no_mcp_are_refused() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    let client = &agent.client;
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} }).to_string();
    let json = Some(("application/json", list.clone()));
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        assert_eq!(raw(client, method.clone(), None).await.status, 405, "{method}");
    }
    let status = async |client: super::Client, body| raw(&client, Method::POST, body).await.status.as_u16();
    assert_eq!(status(client.clone(), json.clone()).await, 200);
    assert_eq!(status(client.with_header("accept", "text/html"), json.clone()).await, 406);
    assert_eq!(status(client.clone(), Some(("text/plain", list.clone()))).await, 415);
    assert_eq!(status(client.with_header("host", "evil.example"), json.clone()).await, 403);
    assert_eq!(status(client.with_header("origin", "https://evil.example"), json.clone()).await, 403);
    assert_eq!(status(client.with_header("origin", "null"), json.clone()).await, 403);
    assert_eq!(status(client.clone(), Some(("application/json", "{".into()))).await / 100, 4);
    let large = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","x":"{}"}}"#, "x".repeat(2 * 1024 * 1024));
    assert_eq!(status(client.clone(), Some(("application/json", large))).await, 413);
    assert_eq!(status(client.with_header("mcp-protocol-version", "1999-01-01"), json.clone()).await, 400);
    assert_eq!(legacy(client, "tools/list", json!({})).await.status, 200, "it still answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_contradict_the_body_are_refused() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    let meta = |version: &str| {
        json!({
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientCapabilities": {},
        })
    };
    let message = |version: &str| json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": meta(version) } });
    let client = agent.client.with_header("mcp-method", "tools/list");
    let other_method =
        agent.client.with_header("mcp-protocol-version", CURRENT).with_header("mcp-method", "tools/call");
    let wrong = other_method.post("/mcp", &message(CURRENT)).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["error"]["code"]), (400, &json!(-32020)), "{}", wrong.text());
    let future = client.with_header("mcp-protocol-version", "2099-01-01").post("/mcp", &message("2099-01-01")).await;
    assert_eq!((future.status.as_u16(), &future.json()["error"]["code"]), (400, &json!(-32022)), "{}", future.text());
    assert!(future.json()["error"]["data"]["supported"].as_array().unwrap().iter().any(|version| version == CURRENT));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_server_sends_clients_to_the_next_one() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    // One connection is open already; it is the one that hears of it.
    let waiting = current(&agent.client, "tools/call", json!({ "name": "get_task", "arguments": { "task_id": "x" } }));
    assert_eq!(waiting.await.status, 200);
    let router = server::build_router(app.state.clone());
    app.state.lifecycle.soft().cancel();
    let request = http::Request::post("/mcp").header("host", "127.0.0.1").body(axum::body::Body::empty()).unwrap();
    let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_when_the_server_goes_down_is_sent_to_the_next_one() {
    for door in DOORS {
        let app = TestApp::new().await;
        app.run_reconciler();
        let agent = Agent::launch(&app, "ann").await;
        agent.outcome(door, "get_next_task", &json!({})).await.unwrap();
        let waits = json!({ "questions": [{ "question": "Which colour?" }], "wait_seconds": 45 });
        let started = Instant::now();
        let waiting = agent.knock(door, "ask_user_question", &waits);
        let person = app.browser_of(agent.user).await;
        let drain = async {
            let is_asked = async || person.get("/api/questions").await.text().contains("Which colour?");
            eventually("it waits for a person", is_asked).await;
            app.state.lifecycle.soft().cancel();
        };
        let (answer, ()) = tokio::join!(waiting, drain);
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"), "{door:?}: {}", answer.text());
        assert!(started.elapsed() < Duration::from_secs(20), "{door:?}: it waited for the answer");
    }
}
