//! The MCP endpoint as clients of both eras meet it, and as those meet it who should not be there.

mod bridge;
mod calls;
mod protocol;
mod refusals;

use domain::{AgentId, NewTask, TaskId, UserId};
use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp, eventually};

const CURRENT: &str = "2026-07-28";
const LEGACY: &str = "2025-11-25";

/// A running agent of a user, as its MCP client.
struct Agent {
    user: UserId,
    id: AgentId,
    token: String,
    project: domain::ProjectId,
    client: Client,
}

impl Agent {
    /// Launches one and waits until it has its token. The reconciler must run.
    async fn launch(app: &TestApp, username: &str) -> Self {
        let user = app.register(username).await;
        let objects = app.objects_of(user).await;
        let id = objects.agent;
        let token = || app.runtime.spec(id).and_then(|spec| spec.token);
        eventually("the agent has a token", async || token().is_some()).await;
        let token = token().unwrap().expose_secret().to_owned();
        let client = with_token(&app.anonymous(), &token);
        Self { user, id, token, project: objects.project, client }
    }

    async fn task(&self, app: &TestApp, title: &str) -> TaskId {
        let task = NewTask { title: title.into(), ..NewTask::default() };
        app.browser_of(self.user).await.made(&format!("/api/projects/{}/tasks", self.project), &task).await
    }

    /// Calls a tool as a client of the current revision and gives the result.
    async fn call(&self, tool: &str, arguments: Value) -> Value {
        let answer = current(&self.client, "tools/call", json!({ "name": tool, "arguments": arguments })).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["result"].clone()
    }
}

fn with_token(client: &Client, token: &str) -> Client {
    client
        .with_header("authorization", &format!("Bearer {token}"))
        .with_header("accept", "application/json, text/event-stream")
}

/// A message of the current revision: everything about it is in itself.
async fn current(client: &Client, method: &str, params: Value) -> Answer {
    let mut params = params;
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": CURRENT,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
    });
    let mut client = client.with_header("mcp-protocol-version", CURRENT).with_header("mcp-method", method);
    if let Some(name) = params["name"].as_str() {
        client = client.with_header("mcp-name", name);
    }
    client.post("/mcp", &json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })).await
}

/// A message of the revision before, after its handshake.
async fn legacy(client: &Client, method: &str, params: Value) -> Answer {
    let client = client.with_header("mcp-protocol-version", LEGACY);
    client.post("/mcp", &json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })).await
}

/// Any body.
async fn raw(client: &Client, method: Method, body: Option<(&str, String)>) -> Answer {
    client.send(method, "/mcp", body).await
}
