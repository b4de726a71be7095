//! The bridge between standard input and the endpoint, across a restart of the server.

use std::{process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStdin, ChildStdout, Command},
};

use super::{Agent, LEGACY};
use crate::support::{TestApp, eventually};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// `aiworker mcp-bridge` as a client uses it.
struct Bridge {
    _child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Bridge {
    fn start(endpoint: &str, token_file: &std::path::Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aiworker"));
        command.arg("mcp-bridge").env_clear().env("MCP_ENDPOINT", endpoint).env("AIWORKER_TOKEN_FILE", token_file);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { _child: child, stdin, lines }
    }

    async fn send(&mut self, message: &Value) {
        self.stdin.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    async fn answer(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("an answer in time");
        serde_json::from_str(&line.unwrap().expect("the bridge lives")).unwrap()
    }
}

fn request(id: u32, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

#[tokio::test(flavor = "multi_thread")]
async fn it_carries_messages_and_survives_a_restart() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, &agent.token).unwrap();
    // Something that listens and hangs up, as a server on its way down does, and then the server.
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = door.local_addr().unwrap();
    let mut bridge = Bridge::start(&format!("http://{address}/mcp"), &token_file);
    let hello = json!({ "protocolVersion": LEGACY, "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    bridge.send(&request(1, "initialize", &hello)).await;
    for _ in 0..2 {
        drop(door.accept().await.unwrap());
    }
    let router = server::build_router(app.state.clone());
    tokio::spawn(server::listener::serve(door, router, app.state.lifecycle.clone()));
    assert_eq!(bridge.answer().await["result"]["protocolVersion"], LEGACY);
    bridge.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
    bridge.send(&request(2, "tools/list", &json!({}))).await;
    let listed = bridge.answer().await;
    assert_eq!((&listed["id"], listed["result"]["tools"].as_array().unwrap().len()), (&json!(2), 9));
    bridge.send(&request(3, "tools/call", &json!({ "name": "nothing", "arguments": {} }))).await;
    assert_eq!(bridge.answer().await["error"]["code"], -32602);
    bridge.stdin.write_all(b"not json\n").await.unwrap();
    assert_eq!(bridge.answer().await["error"]["code"], -32700);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_does_not_work_is_said_to_the_client() {
    let app = TestApp::new().await;
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "nonsense").unwrap();
    let mut bridge = Bridge::start(&format!("http://{}/mcp", app.address), &token_file);
    bridge.send(&request(1, "tools/list", &json!({}))).await;
    let answer = bridge.answer().await;
    assert!(answer["error"]["message"].as_str().unwrap().contains("token"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_goes_on_after_a_restart_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("test.db").display());
    let before = TestApp::on(&database).await;
    before.run_reconciler();
    let agent = Agent::launch(&before, "ann").await;
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, &agent.token).unwrap();
    let address = before.address;
    let mut bridge = Bridge::start(&format!("http://{address}/mcp"), &token_file);
    let hello = json!({ "protocolVersion": LEGACY, "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    bridge.send(&request(1, "initialize", &hello)).await;
    assert_eq!(bridge.answer().await["result"]["protocolVersion"], LEGACY);
    let call =
        |id, tool: &str, arguments: Value| request(id, "tools/call", &json!({ "name": tool, "arguments": arguments }));
    bridge.send(&call(2, "get_next_task", json!({}))).await;
    let first = bridge.answer().await["result"]["structuredContent"].clone();
    let done = json!({
        "task_id": first["task"]["id"], "lease_epoch": first["lease"]["epoch"], "status": "done", "summary": "painted",
    });
    bridge.send(&call(3, "update_task_status", done)).await;
    assert_eq!(bridge.answer().await["result"]["structuredContent"]["status"], "done");
    bridge.send(&call(4, "get_next_task", json!({ "wait_seconds": 45 }))).await;
    eventually("the call waits", async || before.state.services.waiting_calls() == 1).await;

    // The server goes, and the next one begins with what is in the database, at the same address.
    let before_numbers = before.number();
    before.state.lifecycle.soft().cancel();
    eventually("nobody listens", async || tokio::net::TcpStream::connect(address).await.is_err()).await;
    drop(before);
    let after = TestApp::on(&database).await;
    // Sessions are numbered, and the database has some of the one before.
    while after.number() < before_numbers {}
    let task = agent.task(&after, "Mend the gate").await;
    let door = TcpListener::bind(address).await.unwrap();
    tokio::spawn(server::listener::serve(
        door,
        server::build_router(after.state.clone()),
        after.state.lifecycle.clone(),
    ));
    let next = bridge.answer().await;
    assert_eq!((&next["id"], &next["result"]["structuredContent"]["task"]["id"]), (&json!(4), &json!(task)), "{next}");
}
