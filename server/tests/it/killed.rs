//! The real program, killed again and again while agents take tasks: no task is lost and none is done twice.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};

use crate::support::{Client, Dice, Program};

const AGENTS: usize = 8;
const TASKS: usize = 120;
const KILLS: usize = 12;
/// How long one call may take, over all the servers that it meets.
const PATIENCE: Duration = Duration::from_secs(60);

/// An agent by the hand of its owner, across all servers.
struct Caller {
    http: reqwest::Client,
    cookie: String,
    agent: String,
    address: watch::Receiver<String>,
    answered: watch::Sender<usize>,
}

impl Caller {
    /// Makes the same call again until a server answers it.
    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let mut arguments = arguments;
        arguments["agentId"] = json!(self.agent);
        let persistent = async {
            loop {
                let address = self.address.borrow_and_update().clone();
                match self.once(&address, tool, &arguments).await {
                    Ok(answer) => break answer,
                    Err(_) => self.address.changed().await.unwrap(),
                }
            }
        };
        let answer = tokio::time::timeout(PATIENCE, persistent).await.expect("a server answers in time");
        self.answered.send_modify(|answered| *answered += 1);
        assert_eq!(answer["success"], true, "{tool} {arguments}: {answer}");
        answer["data"].clone()
    }

    async fn once(&self, address: &str, tool: &str, arguments: &Value) -> reqwest::Result<Value> {
        let request = self.http.post(format!("http://{address}/api/mcp/{tool}")).header("cookie", &self.cookie);
        request.json(arguments).send().await?.json().await
    }

    /// Takes tasks and finishes them until there is none, and says which.
    async fn work(mut self) -> Vec<String> {
        let mut finished = Vec::new();
        loop {
            let taken = self.call("get_next_task", json!({})).await;
            let Some(task) = taken["task"]["id"].as_str() else { return finished };
            let done = json!({
                "task_id": task, "lease_epoch": taken["lease"]["epoch"], "status": "done", "summary": "done",
                "idempotency_key": format!("done-{task}"),
            });
            self.call("update_task_status", done).await;
            finished.push(task.to_owned());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_loses_no_claim_and_gives_none_out_twice() {
    let folder = tempfile::tempdir().unwrap();
    // Without a terminal program no agent starts: its owner calls the tools in its place.
    let program = || Program::new(folder.path(), &[]).env("AIWORKER_TTYD", "/nonexistent/ttyd");
    let mut server = program().start().await;
    let browser_at = |address: &str, cookie: &str| Client::new(address.parse().unwrap()).with_header("cookie", cookie);
    let ann = json!({ "username": "ann", "password": "long enough" });
    let registered = Client::new(server.address.parse().unwrap()).post("/api/auth/register", &ann).await;
    let cookie = registered.header("set-cookie").split(';').next().unwrap().to_owned();
    let browser = browser_at(&server.address, &cookie);
    let project: String = browser.made("/api/projects", &json!({ "name": "Garden" })).await;
    let tasks = format!("/api/projects/{project}/tasks");
    for number in 0..TASKS {
        browser.made::<String>(&tasks, &json!({ "title": format!("task {number}") })).await;
    }

    let address = watch::Sender::new(server.address.clone());
    let answered = watch::Sender::new(0);
    let mut callers = JoinSet::new();
    for _ in 0..AGENTS {
        let launched = browser.post("/api/agents/launch", &json!({ "project_id": project })).await;
        let caller = Caller {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            cookie: cookie.clone(),
            agent: launched.data()["agentId"].as_str().unwrap().to_owned(),
            address: address.subscribe(),
            answered: answered.clone(),
        };
        callers.spawn(caller.work());
    }
    let mut dice = Dice::seeded(4);
    let mut progress = answered.subscribe();
    let mut in_the_middle = 0;
    for _ in 0..KILLS {
        // Each task takes two calls, so as many are answered in the end, whoever is faster.
        let next = (*progress.borrow() + 1 + dice.below(TASKS / KILLS)).min(TASKS * 2);
        in_the_middle += usize::from(next < TASKS * 2);
        let reached = tokio::time::timeout(PATIENCE, progress.wait_for(|answered| *answered >= next)).await;
        reached.expect("the agents get on").unwrap();
        server.kill().await;
        server = program().start().await;
        address.send_replace(server.address.clone());
    }
    assert!(in_the_middle > KILLS / 4, "only {in_the_middle} kills hit agents at work");
    let finished: Vec<_> = callers.join_all().await.into_iter().flatten().collect();
    let distinct: BTreeSet<_> = finished.iter().collect();
    assert_eq!((finished.len(), distinct.len()), (TASKS, TASKS));

    let browser = browser_at(&server.address, &cookie);
    for task in browser.get(&tasks).await.data().as_array().unwrap() {
        assert_eq!((&task["state"], &task["attempts"], &task["lease"]), (&json!("done"), &json!(0), &Value::Null));
        let id = task["id"].as_str().unwrap();
        let told = browser.get(&format!("/api/tasks/{id}/timeline")).await.data();
        let count = |kind: &str| told.as_array().unwrap().iter().filter(|event| event["kind"] == kind).count();
        assert_eq!((count("task_claimed"), count("task_reported")), (1, 1), "{told}");
    }
}
