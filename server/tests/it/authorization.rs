//! Every route and every server function × everybody who may come, against a checked-in table. A route without a row
//! and a row without a route both fail.

use std::collections::BTreeSet;

use domain::UserId;
use http::{Method, StatusCode};

use crate::support::{Client, Objects, PASSWORD, TestApp};

const MATRIX: &str = include_str!("../authorization-matrix.md");
/// The columns after the request and its body, in order.
const CALLERS: [&str; 5] = ["anonymous", "other", "owner", "admin", "token"];

/// One line of the table.
struct Row {
    request: String,
    body: String,
    expected: Vec<u16>,
}

fn rows() -> Vec<Row> {
    let lines = MATRIX.lines().filter(|line| line.starts_with("| `"));
    lines
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
            assert_eq!(cells.len(), 2 + CALLERS.len(), "{line}");
            let expected = cells[2..].iter().map(|cell| cell.parse().unwrap_or_else(|_| panic!("{line}"))).collect();
            Row { request: cells[0].to_owned(), body: cells[1].to_owned(), expected }
        })
        .collect()
}

/// Everything the server answers, as `METHOD /path`.
fn surface() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (path, item) in server::router::openapi().paths.paths {
        let item = serde_json::to_value(item).unwrap();
        let methods = item
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| ["get", "post", "patch", "put", "delete"].contains(&key.as_str()));
        all.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    all.extend(server::router::NOT_IN_THE_API.iter().map(|(method, path)| format!("{method} {path}")));
    all.extend(server_fn::axum::server_fn_paths().map(|(path, method)| format!("{method} {path}")));
    all.extend(server::pages::routes().iter().map(|page| format!("GET {}", page.path())));
    all
}

#[tokio::test]
async fn every_route_and_server_function_has_a_row() {
    let rows: Vec<_> = rows().into_iter().map(|row| row.request).collect();
    let listed: BTreeSet<_> = rows.iter().cloned().collect();
    assert_eq!(listed.len(), rows.len(), "a row stands twice");
    let surface = surface();
    let missing: Vec<_> = surface.difference(&listed).collect();
    let stale: Vec<_> = listed.difference(&surface).collect();
    assert!(missing.is_empty(), "add rows to authorization-matrix.md for: {missing:#?}");
    assert!(stale.is_empty(), "remove the rows of what no longer exists: {stale:#?}");
}

/// Paths of the API that are none: they answer everybody that there is nothing.
const NOTHING_THERE: [&str; 3] = ["/api", "/api/", "/api/{*path}"];

/// What is said of the surface is what the router has: axum has no list of it, but prints one.
#[tokio::test(flavor = "multi_thread")]
async fn the_router_has_no_path_that_is_not_in_the_table() {
    let app = TestApp::new().await;
    let printed = format!("{:?}", server::router::build_router(app.state.clone()));
    let paths: BTreeSet<_> = printed
        .split("RouteId(")
        .filter_map(|entry| entry.split_once("): \"")?.1.split('"').next())
        .filter(|path| path.starts_with('/') && !NOTHING_THERE.contains(path) && !path.contains("__private__"))
        .map(str::to_owned)
        .collect();
    let said: BTreeSet<_> = surface().iter().map(|request| request.split_once(' ').unwrap().1.to_owned()).collect();
    let unsaid: Vec<_> = paths.difference(&said).collect();
    assert!(paths.contains("/api/health") && paths.contains("/mcp"), "axum prints its paths otherwise: {printed}");
    assert!(unsaid.is_empty(), "describe them in the OpenAPI, or name them in `NOT_IN_THE_API`: {unsaid:#?}");
}

#[tokio::test]
async fn every_server_function_is_a_post_below_its_prefix() {
    for (path, method) in server_fn::axum::server_fn_paths() {
        assert_eq!(method, Method::POST, "{path}: a GET would pass where a cookie is Lax");
        assert!(path.starts_with("/_fn/"), "{path} is outside the prefix that the origin check knows");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_the_table_says() {
    let app = TestApp::new().await;
    let admin = app.register("admin").await;
    let owner = app.register("owner").await;
    let other = app.register("other").await;
    let mut wrong = Vec::new();
    for row in rows() {
        let (method, path) = row.request.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        for (caller, expected) in CALLERS.iter().zip(&row.expected) {
            // Fresh objects and a fresh sign-in each time: some requests end what they are about.
            let (owner, other) = if ends_an_account(&row.request) {
                let number = app.number();
                (app.register(&format!("owner-{number}")).await, app.register(&format!("other-{number}")).await)
            } else {
                (owner, other)
            };
            let objects = app.objects_of(owner).await;
            let client = match *caller {
                "anonymous" => app.anonymous(),
                "other" => app.browser_of(other).await,
                "owner" => app.browser_of(owner).await,
                "admin" => app.browser_of(admin).await,
                _ => app.program_of(owner).await,
            };
            let client = if path.ends_with("/ws") { client.upgrading() } else { client };
            let status = ask(&app, &client, &method, path, &row.body, (owner, objects)).await;
            if status != *expected {
                wrong.push(format!("{method} {path} by {caller}: {status} instead of {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn ends_an_account(request: &str) -> bool {
    ["DELETE /api/auth/me", "POST /_fn/auth/delete_account", "DELETE /api/users/{id}", "POST /_fn/users/delete"]
        .contains(&request)
}

async fn ask(
    app: &TestApp,
    client: &Client,
    method: &Method,
    path: &str,
    body: &str,
    (owner, objects): (UserId, Objects),
) -> StatusCode {
    let number = app.number();
    let fill = |text: &str| {
        text.replace("{project}", &objects.project.to_string())
            .replace("{task}", &objects.task.to_string())
            .replace("{agent}", &objects.agent.to_string())
            .replace("{token}", &objects.token.to_string())
            .replace("{question}", &objects.question.to_string())
            .replace("{session}", &objects.session.to_string())
            .replace("{user}", &owner.to_string())
            .replace("{password}", PASSWORD)
            .replace("{n}", &number.to_string())
    };
    let id = match path {
        path if path.starts_with("/api/projects") || path.starts_with("/projects") => "{project}",
        path if path.starts_with("/api/tasks") || path.starts_with("/tasks") => "{task}",
        path if path.starts_with("/api/questions") => "{question}",
        path if path.starts_with("/api/tokens") => "{token}",
        path if path.starts_with("/api/sessions") => "{session}",
        path if path.starts_with("/api/users") => "{user}",
        _ => "{agent}",
    };
    let path = fill(&path.replace("{id}", id).replace("{tool}", "get_next_task").replace("{kind}", "model_key"));
    let body = fill(body);
    let content_type = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
    let sends = *method != Method::GET && (!body.is_empty() || path.starts_with("/_fn"));
    client.send(method.clone(), &path, sends.then_some((content_type, body))).await.status
}
