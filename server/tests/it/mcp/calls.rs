//! Calls of tools: their answers, the errors that agents read, repeats, and who may touch what.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Agent, current};
use crate::support::TestApp;

/// What an agent reads of a tool that did not do what was asked.
fn error_of(result: &Value) -> Value {
    assert_eq!(result["isError"], true, "{result}");
    assert!(result.get("structuredContent").is_none(), "an error does not fit the tool's schema: {result}");
    serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_data_and_the_same_as_text() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    let task = agent.task(&app, "Paint the fence").await;
    let result = agent.call("get_task", json!({ "task_id": task })).await;
    let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(result["structuredContent"], text);
    assert_eq!(text["task"]["title"], "Paint the fence");
    assert_ne!(result["isError"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_calls_are_told_to_the_agent() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    let task = agent.task(&app, "Paint").await;
    for (tool, arguments) in [
        ("get_task", json!({})),
        ("get_task", json!({ "task_id": task, "user_id": "x" })),
        ("get_task", json!({ "task_id": 7 })),
        ("get_next_task", json!({ "wait_seconds": 46 })),
        ("get_next_task", json!({ "wait_seconds": -1 })),
        ("report_progress", json!({ "task_id": task, "lease_epoch": 1, "summary": "x".repeat(161) })),
        ("report_progress", json!({ "task_id": task, "lease_epoch": 1, "summary": "a\u{7}b" })),
        ("add_task_note", json!({ "task_id": task, "markdown": "x".repeat(16 * 1024 + 1) })),
        ("ask_user_question", json!({ "questions": [] })),
    ] {
        let error = error_of(&agent.call(tool, arguments.clone()).await);
        assert_eq!(error["code"], "invalid", "{tool} {arguments}: {error}");
        assert_eq!(error["retryable"], false);
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
    let unknown = current(&agent.client, "tools/call", json!({ "name": "delete_everything", "arguments": {} })).await;
    assert_eq!(unknown.json()["error"]["code"], -32602, "{}", unknown.text());
}

/// Makes a tool's arguments of an id.
type Arguments = fn(String) -> Value;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ones_own_is_like_what_is_not_there_byte_for_byte() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let (ann, bob) = (Agent::launch(&app, "ann").await, Agent::launch(&app, "bob").await);
    let task = ann.task(&app, "Ann's").await;
    let nothing = Uuid::from_u128(7);
    let cases: [(&str, Arguments); 5] = [
        ("get_task", |id| json!({ "task_id": id })),
        ("add_task_note", |id| json!({ "task_id": id, "markdown": "hi" })),
        ("report_progress", |id| json!({ "task_id": id, "lease_epoch": 1, "summary": "hi" })),
        ("create_subtask", |id| json!({ "parent_task_id": id, "title": "hi", "description": "" })),
        ("check_question_response", |id| json!({ "question_id": id })),
    ];
    for (tool, of) in cases {
        let foreign = bob.call(tool, of(task.to_string())).await;
        let missing = bob.call(tool, of(nothing.to_string())).await;
        assert_eq!(foreign.to_string(), missing.to_string(), "{tool}");
        assert_eq!(error_of(&foreign)["code"], "not_found", "{tool}");
    }
    let theirs = ann.call("list_my_tasks", json!({})).await["structuredContent"]["tasks"].clone();
    assert!(theirs.as_array().unwrap().iter().any(|listed| listed["id"] == task.to_string()));
    let bobs = bob.call("list_my_tasks", json!({})).await["structuredContent"]["tasks"].clone();
    assert!(bobs.as_array().unwrap().iter().all(|listed| listed["id"] != task.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_call_of_claude_code_happens_once() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    let task = agent.task(&app, "Paint").await;
    let params = json!({
        "name": "add_task_note",
        "arguments": { "task_id": task, "markdown": "Once." },
        "_meta": { "claudecode/toolUseId": "toolu_1" },
    });
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let client = agent.client.with_header("mcp-protocol-version", super::LEGACY);
    let (first, second) = tokio::join!(client.post("/mcp", &message), client.post("/mcp", &message));
    let third = client.post("/mcp", &message).await;
    assert_eq!(first.json(), second.json());
    assert_eq!(first.json(), third.json());
    let notes = agent.call("get_task", json!({ "task_id": task })).await["structuredContent"]["notes"].clone();
    let once = notes.as_array().unwrap().iter().filter(|note| note["markdown"] == "Once.").count();
    assert_eq!(once, 1, "{notes}");
}
