//! The tools of agents as plain JSON, by the agent's owner and by strangers.

use serde_json::json;

use crate::support::TestApp;

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
