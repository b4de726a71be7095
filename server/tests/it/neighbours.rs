//! Two real servers on one database: agents that wait at the one, and pages that are open there, have at once what a person
//! does at the other.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use test_databases::{Database, Kind};

use crate::{
    events::Stream,
    support::{Client, Program, Running, eventually},
};

/// How long the agents here wait, in seconds.
const WAITS: u32 = 15;
/// What must come at once may take so long on a machine that has much else to do: far less than the wait.
const AT_ONCE: Duration = Duration::from_secs(5);
/// How long it takes at most where nothing holds it up. The best of all rounds shows that.
const TARGET: Duration = Duration::from_millis(300);
/// How often each thing is tried.
const ROUNDS: usize = 4;

struct Server {
    _running: Running,
    client: Client,
    admin: Client,
}

impl Server {
    async fn start(data: &Path, database: &str) -> Self {
        // Without a terminal program no agent starts: its owner calls the tools in its place.
        let program = Program::new(data, &[]).with_admin();
        let program = program.env("DATABASE_URL", database).env("AIWORKER_TTYD", "/nonexistent/ttyd");
        let running = program.start().await;
        let client = Client::new(running.address.parse().unwrap());
        let admin = Client::new(running.admin());
        Self { _running: running, client, admin }
    }

    async fn measures(&self, line: &str) -> bool {
        self.admin.get("/metrics").await.text().lines().any(|measured| measured == line)
    }

    /// Calls a tool that waits, and ends when it does: the call goes on.
    async fn waits(&self, tool: &'static str, arguments: Value) -> tokio::task::JoinHandle<(Value, Instant)> {
        let client = self.client.clone();
        let call = tokio::spawn(async move {
            let answer = client.post(&format!("/api/mcp/{tool}"), &arguments).await;
            (answer.data(), Instant::now())
        });
        eventually("the call waits", || self.measures("aiworker_mcp_calls_waiting 1")).await;
        call
    }
}

/// The time from `since` to the end of the call, and its answer.
async fn answered(call: tokio::task::JoinHandle<(Value, Instant)>, since: Instant) -> (Value, Duration) {
    let (answer, at) = call.await.unwrap();
    let took = at.saturating_duration_since(since);
    assert!(took < AT_ONCE, "it took {took:?}: {answer}");
    (answer, took)
}

async fn what_is_done_at_one_server_is_known_at_the_other(kind: Kind) {
    let (folder, database) =
        tokio::task::spawn_blocking(move || (tempfile::tempdir().unwrap(), Database::new(kind))).await.unwrap();
    let migrate = Program::new(folder.path(), &["migrate"]).env("DATABASE_URL", database.url());
    assert!(migrate.output().await.status.success());
    let mut near = Server::start(folder.path(), database.url()).await;
    let mut far = Server::start(folder.path(), database.url()).await;
    let ann = json!({ "username": "ann", "password": "correct horse battery" });
    let registered = near.client.post("/api/auth/register", &ann).await;
    let cookie = registered.header("set-cookie").split(';').next().unwrap().to_owned();
    for server in [&mut near, &mut far] {
        server.client = server.client.with_header("cookie", &cookie);
        eventually("they know of each other", || server.measures("aiworker_neighbours 1")).await;
    }
    let project: String = far.client.made("/api/projects", &json!({ "name": "Garden" })).await;
    let launched = far.client.post("/api/agents/launch", &json!({ "project_id": project })).await.data();
    let agent = &launched["agentId"];
    let mut page = Stream::open(&near.client, "/api/events").await;

    let (mut work, mut answers, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let title = format!("Task {round}");
        let call = near.waits("get_next_task", json!({ "agentId": agent, "wait_seconds": WAITS })).await;
        let began = Instant::now();
        let task: String = far.client.made(&format!("/api/projects/{project}/tasks"), &json!({ "title": title })).await;
        let (taken, took) = answered(call, began).await;
        assert_eq!(taken["task"]["id"], task, "{taken}");
        work.push(took);

        let asks = json!({ "agentId": agent, "questions": [{ "question": title }], "wait_seconds": WAITS });
        let call = near.waits("ask_user_question", asks).await;
        let open = far.client.get("/api/questions").await.data();
        let path = format!("/api/questions/{}/answer", open[0]["id"].as_str().unwrap());
        let began = Instant::now();
        assert_eq!(far.client.post(&path, &json!({ "answers": [{ "text": "Blue" }] })).await.status, 200);
        let (told, took) = answered(call, began).await;
        assert_eq!(told["answers"][0]["text"], "Blue", "{told}");
        answers.push(took);

        let began = Instant::now();
        let done = json!({
            "agentId": agent, "task_id": task, "lease_epoch": taken["lease"]["epoch"], "status": "done", "summary": "it is done",
        });
        assert_eq!(far.client.post("/api/mcp/update_task_status", &done).await.status, 200);
        let is_done = |event: &Value| event["id"] == task.as_str() && event["state"] == "done";
        while !is_done(&page.next_called("task").await.data) {}
        events.push(began.elapsed());
    }
    for (what, took) in [("work", work), ("answers", answers), ("events", events)] {
        assert!(took.iter().min().unwrap() < &TARGET, "{kind:?}: {what} were there after {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_at_one_server_is_known_at_the_other_on_sqlite() {
    what_is_done_at_one_server_is_known_at_the_other(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_at_one_server_is_known_at_the_other_on_postgres() {
    what_is_done_at_one_server_is_known_at_the_other(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_at_one_server_is_known_at_the_other_on_mariadb() {
    what_is_done_at_one_server_is_known_at_the_other(Kind::Mariadb).await;
}
