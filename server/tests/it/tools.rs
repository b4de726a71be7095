//! The tools of agents as plain JSON, by the agent's owner and by strangers.

use http::Method;
use serde_json::{Value, json};

use crate::support::{TestApp, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn strangers_get_the_one_answer_whatever_they_ask() {
    let app = TestApp::new().await;
    let anonymous = app.anonymous();
    for path in ["/api/mcp/get_next_task", "/api/mcp/no_such_tool"] {
        let refused = anonymous.post(path, &json!({"agentId": "x"})).await;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.text(), r#"{"success":false,"code":"unauthorized","message":"Unauthorized"}"#);
    }
    let well_formed = "Bearer awa_0123456789012345678901234567890123456789xx";
    let agent = app.anonymous().with_header("authorization", well_formed);
    assert_eq!(agent.post("/api/mcp/get_next_task", &json!({})).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_gets_the_next_task_for_an_agent_and_nobody_elses() {
    let app = TestApp::new().await;
    let owner = app.register("owner").await;
    let objects = app.objects_of(owner).await;
    let browser = app.browser_of(owner).await;
    let named = json!({"agentId": objects.agent});
    let taken = browser.post("/api/mcp/get_next_task", &named).await;
    assert_eq!(taken.status, 200, "{}", taken.text());
    assert_eq!(taken.data()["task"]["id"], objects.task.to_string());
    assert_eq!(taken.data()["lease"]["epoch"], 1);
    let again = browser.post("/api/mcp/get_next_task", &named).await;
    assert_eq!((&again.data()["task"]["id"], &again.data()["resumed"]), (&taken.data()["task"]["id"], &json!(true)));
    let stranger = app.user("stranger").await;
    let foreign = stranger.post("/api/mcp/get_next_task", &named).await;
    let missing =
        stranger.post("/api/mcp/get_next_task", &json!({"agentId": "0190b5c6-7d2a-7cc3-9c41-3a8f0c5d1e22"})).await;
    assert_eq!((foreign.status, foreign.text()), (missing.status, missing.text()));
    assert_eq!(foreign.status, 404);
    let done = json!({
        "agentId": objects.agent, "task_id": objects.task, "status": "done", "lease_epoch": 7, "summary": "x",
    });
    let lost = browser.post("/api/mcp/update_task_status", &done).await;
    assert_eq!((lost.status.as_u16(), lost.code()), (409, "lease_lost".into()));
    assert!(lost.text().contains(r#""hint":"Stop working on this task"#), "{}", lost.text());
    let unknown = browser.post("/api/mcp/get_next_task", &json!({"agentId": objects.agent, "user_id": "x"})).await;
    assert_eq!((unknown.status.as_u16(), unknown.code()), (400, "invalid".into()));
    assert_eq!(browser.post("/api/mcp/drop_tables", &named).await.status, 404);
    assert_eq!(browser.post("/api/mcp/get_next_task", &json!({})).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_answers_what_an_agent_asks() {
    let app = TestApp::new().await;
    let owner = app.register("owner").await;
    let objects = app.objects_of(owner).await;
    let browser = app.browser_of(owner).await;
    let open = browser.get("/api/questions").await;
    assert_eq!(open.data()[0]["id"], objects.question.to_string());
    let path = format!("/api/questions/{}/answer", objects.question);
    let empty = browser.post(&path, &json!({"answers": [{}]})).await;
    assert_eq!((empty.status.as_u16(), empty.code()), (400, "invalid".into()));
    let answered = browser.post(&path, &json!({"answers": [{"text": "the blue one"}]})).await;
    assert_eq!(answered.data()["status"], "answered");
    let twice = browser.post(&path, &json!({"answers": [{"text": "no, red"}]})).await;
    assert_eq!((twice.status.as_u16(), twice.code()), (409, "question_closed".into()));
    assert_eq!(browser.get("/api/questions").await.data(), json!([]));
    let asks = json!({"agentId": objects.agent, "question_id": objects.question});
    let heard = browser.post("/api/mcp/check_question_response", &asks).await;
    assert_eq!(heard.data()["answers"][0]["text"], "the blue one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_in_time_and_by_its_owner() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let owner = app.register("owner").await;
    let objects = app.objects_of(owner).await;
    let (browser, stranger) = (app.browser_of(owner).await, app.user("stranger").await);
    let answer = |id: &str| format!("/api/questions/{id}/answer");
    let words = json!({"answers": [{"text": "the blue one"}]});
    let foreign = stranger.post(&answer(&objects.question.to_string()), &words).await;
    let missing = stranger.post(&answer("0190b5c6-7d2a-7cc3-9c41-3a8f0c5d1e22"), &words).await;
    assert_eq!((foreign.status, foreign.text()), (missing.status, missing.text()));
    assert_eq!(foreign.status, 404);

    let asks = json!({
        "agentId": objects.agent, "questions": [{"question": "Which?", "options": [{"label": "Blue"}]}],
        "expires_in_s": 1, "default_option": "Blue", "wait_seconds": 0,
    });
    let asked = browser.post("/api/mcp/ask_user_question", &asks).await.data();
    let id = asked["question_id"].as_str().unwrap();
    let check = json!({"agentId": objects.agent, "question_id": id});
    let seen = async || browser.post("/api/mcp/check_question_response", &check).await.data();
    eventually("the question expires", async || seen().await["status"] == "expired").await;
    let late = browser.post(&answer(id), &words).await;
    assert_eq!((late.status.as_u16(), late.code()), (409, "question_closed".into()));
    assert_eq!(seen().await["answers"][0]["selected"], json!(["Blue"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_call_is_refused() {
    let app = TestApp::new().await;
    let owner = app.register("owner").await;
    let objects = app.objects_of(owner).await;
    let browser = app.browser_of(owner).await;
    let path = "/api/mcp/add_task_note";
    let note = json!({"agentId": objects.agent, "task_id": objects.task, "markdown": "x"});
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        assert_eq!(browser.send(method.clone(), path, None).await.status, 405, "{method}");
    }
    let send = async |kind: &str, body: String| {
        let answer = browser.send(Method::POST, path, Some((kind, body))).await;
        (answer.status.as_u16(), answer.code())
    };
    let json = "application/json";
    assert_eq!(send("text/plain", note.to_string()).await, (415, "unsupported_media_type".into()));
    assert_eq!(send(json, "{".into()).await, (400, "invalid_json".into()));
    assert_eq!(send(json, "[]".into()).await, (400, "invalid_json".into()));
    assert_eq!(
        send(json, format!(r#"{{"x":"{}"}}"#, "x".repeat(2 * 1024 * 1024))).await,
        (413, "payload_too_large".into())
    );
    let foreign = browser.with_header("origin", "https://evil.example").post(path, &note).await;
    assert_eq!((foreign.status.as_u16(), foreign.code()), (403, "cross_site".into()));
    for (name, value) in
        [("markdown", json!(7)), ("markdown", json!("x".repeat(16 * 1024 + 1))), ("colour", json!("red"))]
    {
        let mut wrong: Value = note.clone();
        wrong[name] = value;
        assert_eq!(browser.post(path, &wrong).await.code(), "invalid", "{name}");
    }
    let key = browser.with_header("idempotency-key", "a b").post(path, &note).await;
    assert_eq!((key.status.as_u16(), key.code()), (400, "invalid".into()));
    let told = browser.get(&format!("/api/tasks/{}/timeline", objects.task)).await.data();
    assert_eq!(told.as_array().unwrap().iter().filter(|event| event["kind"] == "task_noted").count(), 0, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_as_many_agents_work_at_once_as_the_project_says() {
    let app = TestApp::new().await;
    let owner = app.register("owner").await;
    let browser = app.browser_of(owner).await;
    let limited = json!({"name": "limited", "working_limit": 1});
    let project: String = browser.made("/api/projects", &limited).await;
    let path = format!("/api/projects/{project}");
    assert_eq!(browser.get(&path).await.data()["working_limit"], 1);
    for title in ["first", "second"] {
        browser.made::<String>(&format!("{path}/tasks"), &json!({"title": title})).await;
    }
    let mut agents = Vec::new();
    for _ in 0..2 {
        let launched = browser.post("/api/agents/launch", &json!({"project_id": project})).await;
        agents.push(launched.data()["agentId"].clone());
    }
    let take = |agent: usize, wait: u32| {
        let (browser, asks) = (browser.clone(), json!({"agentId": agents[agent], "wait_seconds": wait}));
        async move { browser.post("/api/mcp/get_next_task", &asks).await.data() }
    };
    let first = take(0, 0).await;
    assert_eq!(first["task"]["title"], "first");
    assert_eq!(take(0, 0).await["resumed"], true, "it may go on with what it has");
    let refused = take(1, 0).await;
    assert_eq!((&refused["task"], &refused["reason"]), (&Value::Null, &json!("working_limit")), "{refused}");
    // Who waits is let in the moment the limit is raised, and when there is none.
    let waiting = tokio::spawn(take(1, 15));
    eventually("it waits", async || app.state.services.waiting_calls() == 1).await;
    assert_eq!(browser.patch(&path, &json!({"working_limit": 2})).await.data()["working_limit"], 2);
    let second = waiting.await.unwrap();
    assert_eq!(second["task"]["title"], "second", "{second}");
    for wrong in [json!(-1), json!(1_000_000), json!("two")] {
        let answer = browser.patch(&path, &json!({"working_limit": wrong})).await;
        assert_eq!(answer.status, 400, "{wrong}: {}", answer.text());
    }
}
