//! Both eras: how they begin, what is listed, and that nothing is remembered.

use domain::tools::Tool;
use serde_json::{Value, json};

use super::{Agent, CURRENT, LEGACY, current, legacy};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn both_eras_find_the_same_tools_in_the_same_order() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    let discovered = current(&agent.client, "server/discover", json!({})).await;
    assert_eq!(discovered.status, 200, "{}", discovered.text());
    let versions = discovered.json()["result"]["supportedVersions"].clone();
    for version in [CURRENT, LEGACY] {
        assert!(versions.as_array().unwrap().iter().any(|known| known == version), "{version} in {versions}");
    }
    let hello = json!({ "protocolVersion": LEGACY, "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let initialize = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello });
    let initialized = agent.client.post("/mcp", &initialize).await;
    assert_eq!(initialized.json()["result"]["protocolVersion"], LEGACY);
    assert_eq!(initialized.json()["result"]["serverInfo"]["name"], "aiworker");
    assert!(initialized.header("mcp-session-id").is_empty(), "there are no sessions");
    let instructions = initialized.json()["result"]["instructions"].as_str().unwrap().len();
    assert!((1..=2048).contains(&instructions));

    // No handshake came before: any replica answers.
    let now = current(&agent.client, "tools/list", json!({})).await.json()["result"].clone();
    let before = legacy(&agent.client, "tools/list", json!({})).await.json()["result"].clone();
    assert_eq!(now["tools"], before["tools"]);
    assert_eq!(now["cacheScope"], "private");
    let names: Vec<_> = now["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, Tool::ALL.map(Tool::as_str));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tool_is_described_strictly_and_names_no_user_and_no_agent() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    let list = current(&agent.client, "tools/list", json!({})).await.json()["result"]["tools"].clone();
    for tool in list.as_array().unwrap() {
        let name = &tool["name"];
        assert!((100..=2048).contains(&tool["description"].as_str().unwrap().len()), "{name}");
        for schema in ["inputSchema", "outputSchema"] {
            assert_eq!(tool[schema]["type"], "object", "{name} {schema}");
            assert_eq!(tool[schema]["additionalProperties"], false, "{name} {schema}");
        }
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(tool["annotations"][hint].is_boolean(), "{name} {hint}");
        }
        let arguments = tool["inputSchema"]["properties"].as_object().unwrap();
        assert!(!arguments.keys().any(|key| key.contains("user") || key.contains("agent")), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_are_taken_and_unknown_methods_are_not_there() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let taken = agent.client.with_header("mcp-protocol-version", LEGACY).post("/mcp", &note).await;
    assert_eq!((taken.status.as_u16(), taken.body.len()), (202, 0));
    let unknown = current(&agent.client, "tools/imagine", json!({})).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.json()["error"]["code"], -32601);
    assert_eq!(
        legacy(&agent.client, "ping", json!({})).await.json()["result"],
        Value::Object(serde_json::Map::default())
    );
}
