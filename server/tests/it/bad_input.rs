//! What callers send by mistake or by malice: each answer names the field or the thing, has the right status, and
//! nothing is half done.

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{Answer, Client, TestApp};

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, fields: &[&str]) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{}", answer.text());
    assert_eq!(answer.fields(), fields, "{}", answer.text());
}

async fn count(client: &Client, path: &str) -> usize {
    client.get(path).await.data().as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_projects() {
    let app = TestApp::new().await;
    let browser = app.user("ann").await;
    for name in ["", "   ", "\t", &"x".repeat(300), "a\u{0}b", "a\u{202e}b", "two\nlines"] {
        refused(&browser.post("/api/projects", &json!({ "name": name })).await, 400, "invalid", &["name"]);
    }
    assert_eq!(count(&browser, "/api/projects").await, 0);
    // Strange, and nobody's business: kept as typed, escaped where it is shown.
    for name in ["🚀 rocket", "<script>alert(1)</script>", "'; DROP TABLE projects;--", "Ω ≈ ç"] {
        let answer = browser.post("/api/projects", &json!({ "name": name })).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.data()["name"], name);
    }
    let again = browser.post("/api/projects", &json!({ "name": "🚀 rocket" })).await;
    refused(&again, 409, "name_taken", &["name"]);
    assert_eq!(count(&browser, "/api/projects").await, 4);
    let page = browser.get("/projects").await;
    assert!(!page.text().contains("<script>alert(1)"), "a name must not become part of the page");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_projects() {
    let app = TestApp::new().await;
    let browser = app.user("ann").await;
    let project: String = browser.made("/api/projects", &json!({ "name": "engine" })).await;
    browser.made::<String>("/api/projects", &json!({ "name": "taken" })).await;
    let path = format!("/api/projects/{project}");
    let before = browser.get(&path).await.data();
    for (patch, field) in [
        (json!({ "name": " " }), "name"),
        (json!({ "name": "x".repeat(300) }), "name"),
        (json!({ "repository_url": "file:///etc" }), "repository_url"),
        (json!({ "repository_url": "https://ann:secret@example.org/x.git" }), "repository_url"),
        (json!({ "start_command": "a\u{0}b" }), "start_command"),
        (json!({ "default_branch": "-x" }), "default_branch"),
        (json!({ "working_limit": 1_000_000 }), "working_limit"),
        // What is right beside it is not taken either.
        (json!({ "name": "fine", "repository_url": "-x" }), "repository_url"),
    ] {
        refused(&browser.patch(&path, &patch).await, 400, "invalid", &[field]);
    }
    refused(&browser.patch(&path, &json!({ "name": "taken" })).await, 409, "name_taken", &["name"]);
    assert_eq!(browser.get(&path).await.data(), before, "nothing is half done");
    let patched = browser.patch(&path, &json!({ "name": "engine 2" })).await;
    assert_eq!((patched.status.as_u16(), &patched.data()["name"]), (200, &json!("engine 2")), "{}", patched.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_people() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    let register = async |username: &str, password: &str| {
        nobody.post("/api/auth/register", &json!({ "username": username, "password": password })).await
    };
    for username in ["", "  ", &"x".repeat(300), "🚀", "<b>", "a'--", "-a", "a b"] {
        refused(&register(username, "long enough").await, 400, "invalid", &["username"]);
    }
    for password in ["", "short", &"x".repeat(300)] {
        refused(&register("ann", password).await, 400, "invalid", &["password"]);
    }
    refused(&register("", "").await, 400, "invalid", &["username", "password"]);
    assert_eq!(register("Ann", "long enough").await.status, 201);
    for same in ["ann", "ANN", " ann "] {
        refused(&register(same, "long enough").await, 409, "name_taken", &["username"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_ends_with_the_first_user_or_before() {
    for (registration, first, second) in
        [(services::Registration::FirstUser, 201, 403), (services::Registration::Closed, 403, 403)]
    {
        let app = TestApp::with(None, |settings| settings.registration = registration).await;
        for (name, expected) in [("ann", first), ("bob", second)] {
            let body = json!({ "username": name, "password": "long enough" });
            let answer = app.anonymous().post("/api/auth/register", &body).await;
            assert_eq!(answer.status, expected, "{registration:?} {}", answer.text());
            assert!(expected == 201 || answer.code() == "registration_closed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_tokens() {
    let app = TestApp::new().await;
    let browser = app.user("ann").await;
    for name in ["", "  ", &"x".repeat(300), "a\u{0}b", "two\nlines"] {
        refused(&browser.post("/api/tokens", &json!({ "name": name })).await, 400, "invalid", &["name"]);
    }
    assert_eq!(count(&browser, "/api/tokens").await, 0);
    for name in ["🚀 rocket", "<b>x</b>", "'; DROP TABLE tokens;--"] {
        assert_eq!(browser.post("/api/tokens", &json!({ "name": name })).await.status, 201, "{name}");
    }
}

/// The operations whose bodies are anything, by intent.
const TAKES_ANY_BODY: [&str; 1] = ["/api/mcp/{tool}"];

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_with_a_body_says_what_is_wrong_with_it() {
    let app = TestApp::new().await;
    let user = app.register("ann").await;
    let objects = app.objects_of(user).await;
    let browser = app.browser_of(user).await;
    let mut asked = 0;
    for (path, item) in server::router::openapi().paths.paths {
        let item = serde_json::to_value(item).unwrap();
        for (method, operation) in item.as_object().unwrap() {
            if operation["requestBody"].is_null() || TAKES_ANY_BODY.contains(&path.as_str()) {
                continue;
            }
            let id = match path.split('/').nth(2) {
                Some("projects") => objects.project.to_string(),
                Some("tasks") => objects.task.to_string(),
                Some("questions") => objects.question.to_string(),
                _ => objects.agent.to_string(),
            };
            let address = path.replace("{id}", &id);
            let send = async |kind: &str, body: &str| {
                let method = method.to_uppercase().parse::<Method>().unwrap();
                browser.send(method, &address, Some((kind, body.to_owned()))).await
            };
            let context = |answer: &Answer| format!("{method} {path}: {}", answer.text());
            let cut = send("application/json", "{").await;
            assert_eq!((cut.status.as_u16(), cut.code().as_str()), (400, "invalid_json"), "{}", context(&cut));
            let unknown = send("application/json", r#"{"zzz":1}"#).await;
            assert_eq!(
                (unknown.status.as_u16(), unknown.code().as_str()),
                (400, "invalid_json"),
                "{}",
                context(&unknown)
            );
            assert!(unknown.text().contains("zzz"), "{}", context(&unknown));
            let plain = send("text/plain", "{}").await;
            assert_eq!(plain.status, 415, "{}", context(&plain));
            asked += 1;
        }
    }
    assert!(asked > 8, "only {asked} operations take a body?");
}

#[tokio::test(flavor = "multi_thread")]
async fn repository_addresses() {
    let app = TestApp::new().await;
    let browser = app.user("ann").await;
    for url in [
        "http://example.com/a.git",
        "ftp://example.com/a",
        "file:///etc/passwd",
        "/etc/passwd",
        "../x",
        "ext::sh -c id",
        "--upload-pack=id",
        "-oProxyCommand=id",
        "https://user:secret@example.com/a",
        "https://token@example.com/a",
        "ssh://git:pw@example.com/a",
        "javascript:alert(1)",
        "https://",
        "a b",
    ] {
        let answer = browser.post("/api/projects", &json!({ "name": "x", "repository_url": url })).await;
        refused(&answer, 400, "invalid", &["repository_url"]);
        assert!(!answer.text().contains("secret"), "the answer repeats a password");
    }
    assert_eq!(count(&browser, "/api/projects").await, 0);
    let good = json!({ "name": "x", "repository_url": "git@example.com:a/b.git" });
    assert_eq!(browser.post("/api/projects", &good).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_and_agents() {
    let app = TestApp::new().await;
    let user = app.register("ann").await;
    let objects = app.objects_of(user).await;
    let browser = app.browser_of(user).await;
    let tasks = format!("/api/projects/{}/tasks", objects.project);
    for title in ["", "  ", &"x".repeat(300)] {
        refused(&browser.post(&tasks, &json!({ "title": title })).await, 400, "invalid", &["title"]);
    }
    for title in ["🚀 rocket", "'; DROP TABLE tasks;--", "<b>x</b>"] {
        assert_eq!(browser.post(&tasks, &json!({ "title": title })).await.data()["title"], title);
    }
    let long = json!({ "title": "x", "description": "x".repeat(70_000) });
    refused(&browser.post(&tasks, &long).await, 400, "invalid", &["description"]);
    let task = format!("/api/tasks/{}", objects.task);
    refused(&browser.patch(&task, &json!({ "state": "flying" })).await, 400, "invalid_json", &["state"]);
    refused(&browser.patch(&task, &json!({ "state": "failed" })).await, 409, "invalid_transition", &[]);
    refused(&browser.patch(&task, &json!({ "title": "x", "version": 99 })).await, 409, "version_conflict", &[]);

    let launch = async |change: Value| {
        let mut body = json!({ "project_id": objects.project, "name": "otter" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        browser.post("/api/agents/launch", &body).await
    };
    for name in ["Otter", "7up", "a_b", "a-", "🚀", " ", &"x".repeat(300), "$(id)", "';--"] {
        refused(&launch(json!({ "name": name })).await, 400, "invalid", &["name"]);
    }
    for memory in [0, 255, 262_145] {
        let change = json!({ "limits": { "memory_mib": memory } });
        refused(&launch(change).await, 400, "invalid", &["limits.memory_mib"]);
    }
    refused(&launch(json!({ "limits": { "memory_mib": -1 } })).await, 400, "invalid_json", &["limits.memory_mib"]);
    for id in ["7", "", "0190B5C6-7D2A-7CC3-9C41-3A8F0C5D1E22", "{0190b5c6-7d2a-7cc3-9c41-3a8f0c5d1e22}"] {
        refused(&launch(json!({ "project_id": id })).await, 400, "invalid_json", &["project_id"]);
    }
    refused(&launch(json!({ "start_command": "a\u{0}b" })).await, 400, "invalid", &["start_command"]);
    assert_eq!(launch(json!({})).await.status, 202);
    refused(&launch(json!({})).await, 409, "name_taken", &["name"]);
    assert_eq!(count(&browser, "/api/agents/my").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_agents_holds_when_many_are_launched_at_once() {
    let app = TestApp::with(None, |settings| settings.agents_per_user = 5).await;
    let user = app.register("ann").await;
    let browser = app.browser_of(user).await;
    let project: domain::ProjectId = browser.made("/api/projects", &json!({ "name": "x" })).await;
    let attempts = (0..12).map(|_| {
        let browser = browser.clone();
        async move { browser.post("/api/agents/launch", &json!({ "project_id": project })).await }
    });
    let answers = futures::future::join_all(attempts).await;
    let (launched, refusals): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 202);
    assert_eq!(launched.len(), 5);
    for answer in refusals {
        refused(&answer, 409, "agent_limit", &[]);
    }
    assert_eq!(count(&browser, "/api/agents/my").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_not_what_they_should_be() {
    let app = TestApp::new().await;
    let browser = app.user("ann").await;
    let post =
        async |kind: &str, body: &str| browser.send(Method::POST, "/api/projects", Some((kind, body.to_owned()))).await;
    for body in ["", "{", "nonsense", "[]", "null", r#""x""#, "{}", r#"{"name":"x"}{"#, "\u{feff}{}"] {
        refused(&post("application/json", body).await, 400, "invalid_json", &[]);
    }
    refused(&post("application/json", r#"{"name":7}"#).await, 400, "invalid_json", &["name"]);
    let unknown = post("application/json", r#"{"name":"x","colour":"red"}"#).await;
    refused(&unknown, 400, "invalid_json", &["colour"]);
    assert!(unknown.text().contains("colour"), "the unknown field is named: {}", unknown.text());
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml"]
    {
        refused(&post(kind, r#"{"name":"x"}"#).await, 415, "unsupported_media_type", &[]);
    }
    let bare = browser.send(Method::POST, "/api/projects", None).await;
    refused(&bare, 415, "unsupported_media_type", &[]);
    let huge = json!({ "name": "x".repeat(1024 * 1024) }).to_string();
    refused(&post("application/json", &huge).await, 413, "payload_too_large", &[]);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    refused(&post("application/json", &deep).await, 400, "invalid_json", &[]);
    assert_eq!(count(&browser, "/api/projects").await, 0);
}

/// A form without scripts is read by the server alone, which says what to mark.
#[tokio::test(flavor = "multi_thread")]
async fn forms_that_are_not_what_they_should_be() {
    let app = TestApp::new().await;
    let owner = app.register("ann").await;
    let objects = app.objects_of(owner).await;
    let browser = app.browser_of(owner).await;
    let (project, task) = (objects.project, objects.task);
    let of_project = format!("input[project_id]={project}");
    let edit = format!("id={task}&version=1&description=");
    for (path, form, field) in [
        ("agents/launch", "input[project_id]=nonsense", "project_id"),
        ("agents/launch", &*format!("{of_project}&input[limits][memory_mib]=much"), "limits.memory_mib"),
        ("agents/launch", &*format!("{of_project}&input%5Blimits%5D%5Bprocesses%5D=-1"), "limits.processes"),
        ("agents/launch", &*format!("{of_project}&input[mode]=asleep"), "mode"),
        ("tasks/create", "project=nonsense&input[title]=x", "project"),
        ("tasks/create", &*format!("project={project}&input[title]=x&input[depends_on][0]=7"), "depends_on[0]"),
        ("tasks/edit", &*format!("{edit}&title=x&priority=soon"), "priority"),
        ("tasks/edit", &*format!("{edit}&title=x"), ""),
    ] {
        let kind = "application/x-www-form-urlencoded";
        let answer = browser.send(Method::POST, &format!("/_fn/{path}"), Some((kind, form.to_owned()))).await;
        assert_eq!(answer.status, 400, "{path} {form}: {}", answer.text());
        let said: app::error::ApiError = serde_json::from_value(answer.json()).unwrap();
        assert_eq!(said.code, domain::ErrorCode::InvalidJson, "{path} {form}");
        let named: Vec<_> = said.fields.iter().map(|complaint| &*complaint.field).collect();
        if field.is_empty() {
            assert!(
                named.is_empty() && said.message.contains("`priority`"),
                "what is missing is named: {}",
                said.message
            );
        } else {
            assert_eq!(named, [field], "{path} {form}: {}", said.message);
        }
    }
    assert_eq!(count(&browser, "/api/agents/my").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_grows_beyond_the_limit_without_saying_so() {
    let app = TestApp::new().await;
    let browser = app.user("ann").await;
    for path in ["/api/projects", "/_fn/projects/create"] {
        let address = app.address;
        let chunks = futures::stream::iter((0..40).map(|_| Ok::<_, std::io::Error>(vec![b' '; 32 * 1024])));
        let request = reqwest::Client::builder().no_proxy().build().unwrap().post(format!("http://{address}{path}"));
        let request = request.header("content-type", "application/json").body(reqwest::Body::wrap_stream(chunks));
        assert_eq!(request.send().await.unwrap().status(), 413, "{path}");
    }
    assert_eq!(count(&browser, "/api/projects").await, 0);
}

/// A refusal leaves the connection as it was, or says that it closes: else a client loses its next request in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_does_not_cost_the_next_request() {
    let app = TestApp::new().await;
    for (origin, length, status) in
        [("", 3 * 1024 * 1024, "413"), ("origin: https://evil.example\r\n", 512 * 1024, "403")]
    {
        let address = app.address;
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /api/projects HTTP/1.1\r\nhost: {address}\r\n{origin}content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(&[head.into_bytes(), vec![b' '; length]].concat()).await.unwrap();
        let next = format!("GET /api/health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(next.as_bytes()).await.unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.unwrap();
        assert!(answers.starts_with(&format!("HTTP/1.1 {status}")), "{answers}");
        assert!(answers.contains("HTTP/1.1 200"), "the connection went on: {answers}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_paths_and_methods_under_the_api() {
    let app = TestApp::new().await;
    let browser = app.user("ann").await;
    for path in ["/api", "/api/", "/api/nothing", "/api/projects/", "/api/agents/x/y/z"] {
        refused(&browser.get(path).await, 404, "not_found", &[]);
    }
    for (method, path) in
        [(Method::PUT, "/api/projects"), (Method::POST, "/api/auth/me"), (Method::POST, "/api/health")]
    {
        let answer = browser.send(method.clone(), path, None).await;
        refused(&answer, 405, "method_not_allowed", &[]);
        assert!(!answer.header("allow").is_empty(), "{method} {path} says which methods it has");
    }
    let page = browser.get("/nothing").await;
    assert_eq!(page.status, 404);
    assert!(page.header("content-type").starts_with("text/html"));
    let query = browser.get("/api/audit?limit=-5").await;
    refused(&query, 400, "invalid", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_passwords_is_slowed_down_and_tells_nothing() {
    let app = TestApp::new().await;
    app.register("ann").await;
    let from = app.anonymous().with_header("x-forwarded-for", "198.51.100.9");
    let login = async |name: &str, password: &str| {
        from.post("/api/auth/login", &json!({ "username": name, "password": password })).await
    };
    let (known, unknown) = (login("ann", "wrong password").await, login("nobody", "wrong password").await);
    refused(&known, 401, "invalid_credentials", &[]);
    assert_eq!(known.text(), unknown.text(), "the answer must not tell who has an account");
    for _ in 0..4 {
        refused(&login("ann", "wrong password").await, 401, "invalid_credentials", &[]);
    }
    let slowed = login("ann", crate::support::PASSWORD).await;
    refused(&slowed, 429, "rate_limited", &[]);
    assert!(slowed.header("retry-after").parse::<u32>().unwrap() >= 1);
    let elsewhere = app.anonymous().with_header("x-forwarded-for", "198.51.100.10");
    let body = json!({ "username": "ann", "password": crate::support::PASSWORD });
    assert_eq!(elsewhere.post("/api/auth/login", &body).await.status, 200, "others may still sign in");
}
