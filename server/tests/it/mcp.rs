//! The MCP endpoint as clients of both eras meet it, and as those meet it who should not be there.

mod bridge;
mod calls;
mod crossing;
mod cut;
mod outage;
mod protocol;
mod refusals;
mod shape;
mod shared;

use domain::{AgentId, NewTask, TaskId, UserId};
use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp, eventually};

const CURRENT: &str = "2026-07-28";
const LEGACY: &str = "2025-11-25";

/// A way to the tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// `/mcp`.
    Mcp,
    /// `/api/mcp/{tool}`.
    Plain,
}

/// Both ways.
const DOORS: [Door; 2] = [Door::Mcp, Door::Plain];

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
        Self::of(app, app.register(username).await).await
    }

    /// Another one of the same user, in a project of its own.
    async fn colleague(&self, app: &TestApp) -> Self {
        Self::of(app, self.user).await
    }

    async fn of(app: &TestApp, user: UserId) -> Self {
        let objects = app.objects_of(user).await;
        let token = token_of(app, objects.agent, None).await;
        let client = with_token(&app.anonymous(), &token);
        Self { user, id: objects.agent, token, project: objects.project, client }
    }

    async fn task(&self, app: &TestApp, title: &str) -> TaskId {
        let task = NewTask { title: title.into(), ..NewTask::default() };
        app.browser_of(self.user).await.made(&format!("/api/projects/{}/tasks", self.project), &task).await
    }

    /// Calls a tool as a client of the current revision and gives the result.
    async fn call(&self, tool: &str, arguments: Value) -> Value {
        let answer = current(&self.client, "tools/call", json!({ "name": tool, "arguments": arguments })).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let result = answer.json()["result"].clone();
        if result["isError"] != true {
            shape::check(tool, &result["structuredContent"]);
        }
        result
    }

    /// Calls a tool through one of the doors and gives the answer as it came.
    async fn knock(&self, door: Door, tool: &str, arguments: &Value) -> Answer {
        match door {
            Door::Mcp => current(&self.client, "tools/call", json!({ "name": tool, "arguments": arguments })).await,
            Door::Plain => self.client.post(&format!("/api/mcp/{tool}"), arguments).await,
        }
    }

    /// Calls a tool through one of the doors: what it gave, or why it did not.
    async fn outcome(&self, door: Door, tool: &str, arguments: &Value) -> Result<Value, Value> {
        let answer = self.knock(door, tool, arguments).await;
        let said = answer.json();
        if door == Door::Plain {
            if answer.status == 200 {
                shape::check(tool, &said["data"]);
                return Ok(said["data"].clone());
            }
            return Err(said);
        }
        if answer.status != 200 {
            return Err(said);
        }
        let result = &said["result"];
        let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        if result["isError"] == true {
            return Err(text);
        }
        shape::check(tool, &result["structuredContent"]);
        assert_eq!(result["structuredContent"], text, "the same as text");
        Ok(text)
    }
}

/// The token that the agent was given last, another one than `before`.
async fn token_of(app: &TestApp, agent: AgentId, before: Option<&str>) -> String {
    let given = || app.runtime.spec(agent).and_then(|spec| spec.token).map(|token| token.expose_secret().to_owned());
    let newer = || given().filter(|token| before != Some(token.as_str()));
    eventually("the agent has a token", async || newer().is_some()).await;
    newer().unwrap()
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
