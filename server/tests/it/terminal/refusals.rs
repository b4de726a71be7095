//! What is refused before the upgrade.

use http::HeaderMap;

use super::{TestApp, running_agent, viewer::Viewer};

/// An id that belongs to nothing.
const NOTHING: &str = "0190b5c6-7d2a-7cc3-9c41-3a8f0c5d1e22";

fn with(headers: &HeaderMap, name: &'static str, value: Option<&str>) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove(name);
    if let Some(value) = value {
        headers.insert(name, value.parse().unwrap());
    }
    headers
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_status_and_its_code() {
    let app = TestApp::new().await;
    let (browser, agent) = running_agent(&app).await;
    let stranger = app.user("stranger").await;
    let agent = agent.to_string();
    let origin = format!("http://{}", app.address);
    let protocol = domain::terminal::SUBPROTOCOL;
    let good = with(&with(browser.headers(), "origin", Some(&origin)), "sec-websocket-protocol", Some(protocol));
    let refused = async |headers: &HeaderMap, agent: &str| {
        let (status, body) = Viewer::connect_with(app.address, headers, agent).await.err().expect("it was let in");
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(json["success"], false, "{body}");
        (status, json["code"].as_str().unwrap().to_owned(), body)
    };
    let (status, code, _) = refused(&with(&good, "cookie", None), &agent).await;
    assert_eq!((status, code.as_str()), (401, "unauthorized"));
    for origin in [None, Some("https://evil.example"), Some("http://127.0.0.1:1"), Some("null")] {
        let (status, code, _) = refused(&with(&good, "origin", origin), &agent).await;
        assert_eq!((status, code.as_str()), (403, "cross_site"), "{origin:?}");
    }
    for protocol in [None, Some("tty"), Some("aiworker.terminal.v9")] {
        let (status, code, body) = refused(&with(&good, "sec-websocket-protocol", protocol), &agent).await;
        assert_eq!((status, code.as_str()), (400, "invalid"), "{protocol:?}");
        assert!(body.contains("aiworker.terminal.v2"), "{body}");
    }
    // Another's agent, none at all, and no id look the same, and in no case does it matter whether the rest is right.
    let cookie = stranger.headers()["cookie"].to_str().unwrap();
    let foreign = refused(&with(&good, "cookie", Some(cookie)), &agent).await;
    assert_eq!((foreign.0, foreign.1.as_str()), (404, "not_found"));
    for id in [NOTHING, "7", "%F0%9F%9A%80"] {
        assert_eq!(refused(&with(&good, "cookie", Some(cookie)), id).await, foreign, "{id}");
        assert_eq!(refused(&good, id).await, foreign, "{id}");
    }
    let plain = stranger.get(&format!("/agent-terminal/{agent}/ws")).await;
    assert_eq!((plain.status.as_u16(), plain.text()), (404, foreign.2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_with_a_token_needs_no_origin() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let user = app.register("owner").await;
    let agent = app.objects_of(user).await.agent;
    let program = app.program_of(user).await;
    let headers = with(program.headers(), "sec-websocket-protocol", Some(domain::terminal::SUBPROTOCOL));
    assert!(Viewer::connect_with(app.address, &headers, &agent.to_string()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_version_before_is_told_to_reload() {
    let app = TestApp::new().await;
    let (browser, agent) = running_agent(&app).await;
    let origin = format!("http://{}", app.address);
    let headers = with(browser.headers(), "origin", Some(&origin));
    let headers = with(&headers, "sec-websocket-protocol", Some(domain::terminal::SUBPROTOCOL_BEFORE));
    let mut viewer = Viewer::connect_with(app.address, &headers, &agent.to_string()).await.unwrap();
    let (end, close) = viewer.end().await;
    assert_eq!((end.retry, close), (false, 4400));
    assert!(end.message.contains("Reload"), "{}", end.message);
}
