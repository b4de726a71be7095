//! Another user's object answers exactly like one that does not exist, byte for byte, at every door.

use http::Method;

use crate::support::{Answer, TestApp};

/// An id that belongs to nothing.
const NOTHING: &str = "0190b5c6-7d2a-7cc3-9c41-3a8f0c5d1e22";

/// Server functions that name no object.
const ABOUT_NO_OBJECT: [&str; 12] = [
    "agents/first",
    "agents/gone",
    "agents/list",
    "agents/propose_name",
    "projects/create",
    "projects/list",
    "questions/list",
    "runtime/trouble",
    "sessions/list",
    "tasks/render_markdown",
    "tokens/create",
    "tokens/list",
];

/// What a client can tell two answers apart by.
fn seen(answer: &Answer) -> (u16, Vec<(String, Vec<u8>)>, String) {
    let volatile = ["x-request-id", "date"];
    let headers = answer.headers.iter().filter(|(name, _)| !volatile.contains(&name.as_str()));
    let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    headers.sort();
    (answer.status.as_u16(), headers, answer.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_api_a_foreign_object_looks_like_none() {
    let app = TestApp::new().await;
    let owner = app.register("owner").await;
    let objects = app.objects_of(owner).await;
    let stranger = app.user("stranger").await;
    let (project, task, agent) = (objects.project.to_string(), objects.task.to_string(), objects.agent.to_string());
    let (token, session) = (objects.token.to_string(), objects.session.to_string());
    let question = objects.question.to_string();
    let title = r#"{"title":"x"}"#;
    let requests = [
        (Method::GET, "/api/projects/{}", &project, ""),
        (Method::PATCH, "/api/projects/{}", &project, r#"{"name":"x"}"#),
        (Method::DELETE, "/api/projects/{}", &project, ""),
        (Method::GET, "/api/projects/{}/tasks", &project, ""),
        (Method::POST, "/api/projects/{}/tasks", &project, title),
        (Method::GET, "/api/tasks/{}", &task, ""),
        (Method::PATCH, "/api/tasks/{}", &task, title),
        (Method::DELETE, "/api/tasks/{}", &task, ""),
        (Method::GET, "/api/tasks/{}/timeline", &task, ""),
        (Method::GET, "/api/agents/{}", &agent, ""),
        (Method::GET, "/api/agents/{}/timeline", &agent, ""),
        (Method::GET, "/api/agents/{}/logs", &agent, ""),
        (Method::GET, "/api/agents/{}/runtime-events", &agent, ""),
        (Method::POST, "/api/agents/{}/stop", &agent, ""),
        (Method::POST, "/api/agents/{}/start", &agent, ""),
        (Method::DELETE, "/api/agents/{}", &agent, ""),
        (Method::POST, "/api/questions/{}/answer", &question, r#"{"answers":[{"text":"x"}]}"#),
        (Method::DELETE, "/api/tokens/{}", &token, ""),
        (Method::DELETE, "/api/sessions/{}", &session, ""),
    ];
    for (method, path, id, body) in requests {
        let ask = async |id: &str| {
            let body = (!body.is_empty()).then(|| ("application/json", body.to_owned()));
            stranger.send(method.clone(), &path.replace("{}", id), body).await
        };
        let foreign = ask(id).await;
        assert_eq!(foreign.status, 404, "{method} {path}");
        assert_eq!(foreign.code(), "not_found", "{method} {path}");
        assert_eq!(seen(&foreign), seen(&ask(NOTHING).await), "{method} {path}");
        for not_an_id in ["7", "..%2Fetc", &id.to_uppercase(), "%F0%9F%9A%80", "'%20OR%201=1--", &"a".repeat(300)] {
            assert_eq!(seen(&foreign), seen(&ask(not_an_id).await), "{method} {path} with {not_an_id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn launching_into_a_foreign_project_looks_like_launching_into_none() {
    let app = TestApp::new().await;
    let owner = app.register("owner").await;
    let objects = app.objects_of(owner).await;
    let stranger = app.user("stranger").await;
    let launch = |project: &str| serde_json::json!({ "project_id": project, "name": "x" });
    let foreign = stranger.post("/api/agents/launch", &launch(&objects.project.to_string())).await;
    let none = stranger.post("/api/agents/launch", &launch(NOTHING)).await;
    assert_eq!(foreign.status, 404);
    assert_eq!(seen(&foreign), seen(&none));
}

#[tokio::test(flavor = "multi_thread")]
async fn over_server_functions_a_foreign_object_looks_like_none() {
    let app = TestApp::new().await;
    let owner = app.register("owner").await;
    let objects = app.objects_of(owner).await;
    let stranger = app.user("stranger").await;
    let mut answered = Vec::new();
    for (path, method) in server_fn::axum::server_fn_paths() {
        let Some(name) = path.strip_prefix("/_fn/") else { continue };
        let id = match name {
            "tasks/held_by" | "questions/of_agent" => objects.agent.to_string(),
            "questions/of_task" => objects.task.to_string(),
            _ => match name.split('/').next() {
                Some("projects") => objects.project.to_string(),
                Some("tasks") => objects.task.to_string(),
                Some("agents" | "runtime") => objects.agent.to_string(),
                Some("questions") => objects.question.to_string(),
                Some("tokens") => objects.token.to_string(),
                Some("sessions") => objects.session.to_string(),
                _ => continue,
            },
        };
        let ask = async |id: &str, project: &str| {
            let task = "version=1&title=x&description=&priority=low&state=in_progress&markdown=x";
            let input = match name {
                "agents/launch" => format!("input[project_id]={project}"),
                "tasks/create" => "input[title]=x".to_owned(),
                _ => "input[name]=x".to_owned(),
            };
            let body = format!("id={id}&project={project}&{task}&{input}&answers[0][text]=x");
            stranger.send(method.clone(), path, Some(("application/x-www-form-urlencoded", body))).await
        };
        let foreign = ask(&id, &objects.project.to_string()).await;
        let none = ask(NOTHING, NOTHING).await;
        if foreign.status == 404 || none.status == 404 {
            assert_eq!(seen(&foreign), seen(&none), "{path}");
        } else {
            answered.push(name.to_owned());
        }
    }
    answered.sort();
    // They are about nobody's object in particular.
    assert_eq!(answered, ABOUT_NO_OBJECT);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_websocket_a_foreign_agent_looks_like_none() {
    let app = TestApp::new().await;
    let owner = app.register("owner").await;
    let objects = app.objects_of(owner).await;
    let stranger = app.user("stranger").await.upgrading();
    let foreign = stranger.get(&format!("/agent-terminal/{}/ws", objects.agent)).await;
    assert_eq!(foreign.status, 404);
    for id in [NOTHING, "7"] {
        assert_eq!(seen(&foreign), seen(&stranger.get(&format!("/agent-terminal/{id}/ws")).await), "{id}");
    }
}
