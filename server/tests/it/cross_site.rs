//! Nothing that changes state listens to another site.

use http::Method;

use crate::support::{Client, TestApp};

/// What a browser adds to a request that another site made.
const FOREIGN: [&[(&str, &str)]; 4] = [
    &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
    &[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:1")],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
];

fn with(client: &Client, headers: &[(&str, &str)]) -> Client {
    headers.iter().fold(client.clone(), |client, (name, value)| client.with_header(name, value))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_that_changes_something_refuses_another_site() {
    let app = TestApp::new().await;
    let browser = app.user("ann").await;
    let mut asked = 0;
    for (path, item) in server::router::openapi().paths.paths {
        let item = serde_json::to_value(item).unwrap();
        for method in
            item.as_object().unwrap().keys().filter(|key| ["post", "patch", "put", "delete"].contains(&key.as_str()))
        {
            let method: Method = method.to_uppercase().parse().unwrap();
            for headers in FOREIGN {
                // Forms of other sites can send these types without asking first.
                for kind in ["application/json", "text/plain", "application/x-www-form-urlencoded"] {
                    let answer = with(&browser, headers).send(method.clone(), &path, Some((kind, "{}".into()))).await;
                    assert_eq!(
                        (answer.status.as_u16(), answer.code().as_str()),
                        (403, "cross_site"),
                        "{method} {path}"
                    );
                }
            }
            asked += 1;
        }
    }
    assert!(asked > 15, "only {asked} operations change something?");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_function_refuses_another_site() {
    let app = TestApp::new().await;
    let browser = app.user("ann").await;
    let mut asked = 0;
    for (path, _) in server_fn::axum::server_fn_paths() {
        for headers in FOREIGN {
            for method in [Method::POST, Method::GET] {
                let answer = with(&browser, headers).send(method.clone(), path, None).await;
                // A browser that sends no `Sec-Fetch-Site` sends no `Origin` with a GET either.
                assert_eq!(answer.status, 403, "{method} {path} with {headers:?}");
            }
        }
        asked += 1;
    }
    assert!(asked > 15, "only {asked} server functions?");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_opens_for_our_own_pages_only() {
    let app = TestApp::new().await;
    let user = app.register("ann").await;
    let objects = app.objects_of(user).await;
    let path = format!("/agent-terminal/{}/ws", objects.agent);
    let browser = app.browser_of(user).await.upgrading();
    for headers in FOREIGN {
        assert_eq!(with(&browser, headers).get(&path).await.status, 403, "{headers:?}");
    }
    let silent = app.browser_of(user).await;
    let silent = with(
        &silent,
        &[
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ],
    );
    assert_eq!(silent.get(&path).await.status, 403, "an upgrade without an origin");
    assert_ne!(browser.get(&path).await.status, 403, "our own page");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_pages_and_programs_pass() {
    let app = TestApp::with(Some("https://agents.example.com"), |_| {}).await;
    let user = app.register("ann").await;
    let browser = app.browser_of(user).await;
    let here = format!("http://{}", app.address);
    for (n, headers) in [
        &[("sec-fetch-site", "same-origin"), ("origin", "https://agents.example.com")][..],
        &[("origin", "https://agents.example.com")],
        &[("origin", here.as_str())],
        &[],
    ]
    .into_iter()
    .enumerate()
    {
        let body = serde_json::json!({ "name": format!("project {n}") });
        assert_eq!(with(&browser, headers).post("/api/projects", &body).await.status, 201, "{headers:?}");
    }
    let program = app.program_of(user).await;
    assert_eq!(program.post("/api/projects", &serde_json::json!({ "name": "by program" })).await.status, 201);
}
