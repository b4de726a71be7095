//! The database does not answer: agents are told to make the same call again, and when it is back that call happens once.

use std::net::SocketAddr;

use serde_json::{Value, json};
use test_databases::{Database, Kind, OwnServer};
use url::Url;

use super::{Agent, DOORS, Door};
use crate::support::{Answer, Cable, TestApp, eventually};

/// Calls that only write.
fn changes(task: &Value, epoch: &Value, key: &str) -> [(&'static str, Value); 4] {
    let held = json!({ "task_id": task, "lease_epoch": epoch, "idempotency_key": format!("report-{key}") });
    let mut report = held.clone();
    report["summary"] = json!("painting");
    [
        ("report_progress", report),
        ("add_task_note", json!({ "task_id": task, "markdown": key, "idempotency_key": format!("note-{key}") })),
        (
            "create_subtask",
            json!({
                "parent_task_id": task, "title": key, "description": "", "idempotency_key": format!("part-{key}"),
            }),
        ),
        (
            "ask_user_question",
            json!({
                "questions": [{ "question": key }], "blocking": false, "idempotency_key": format!("ask-{key}"),
            }),
        ),
    ]
}

/// An agent that holds a task, with the task and the epoch.
async fn at_work(app: &TestApp) -> (Agent, Value, Value) {
    app.run_reconciler();
    let agent = Agent::launch(app, "ann").await;
    let taken = agent.outcome(Door::Mcp, "get_next_task", &json!({})).await.unwrap();
    let (task, epoch) = (taken["task"]["id"].clone(), taken["lease"]["epoch"].clone());
    (agent, task, epoch)
}

/// Everything that was refused works when it is done again, and happened once.
async fn all_works_again(app: &TestApp, agent: &Agent, task: &Value, epoch: &Value) {
    let open = |browser: crate::support::Client| async move { browser.get("/api/questions").await.data() };
    let browser = app.browser_of(agent.user).await;
    let before = open(browser.clone()).await.as_array().unwrap().len();
    for door in DOORS {
        let key = format!("{door:?}");
        for (tool, arguments) in changes(task, epoch, &key) {
            let first = agent.outcome(door, tool, &arguments).await.unwrap_or_else(|error| panic!("{tool}: {error}"));
            assert_eq!(agent.outcome(door, tool, &arguments).await.unwrap(), first, "{tool}");
        }
    }
    let seen = agent.outcome(Door::Mcp, "get_task", &json!({ "task_id": task })).await.unwrap();
    // A report reads like a note.
    assert_eq!(seen["notes"].as_array().unwrap().len(), 4, "{seen}");
    let parts = agent.outcome(Door::Mcp, "list_my_tasks", &json!({ "parent_task_id": task })).await.unwrap();
    assert_eq!(parts["tasks"].as_array().unwrap().len(), 2, "{parts}");
    assert_eq!(open(browser).await.as_array().unwrap().len(), before + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_is_said_to_the_agent_and_waited_for() {
    let app = TestApp::new().await;
    let (agent, task, epoch) = at_work(&app).await;
    let file = app.folder().join("test.db").display().to_string();
    let lock = tokio::task::spawn_blocking(move || {
        use diesel::{Connection, connection::SimpleConnection};
        let mut connection = diesel::SqliteConnection::establish(&file).unwrap();
        // The reconciler may be writing at this moment.
        connection.batch_execute("PRAGMA busy_timeout = 20000; BEGIN IMMEDIATE").unwrap();
        connection
    });
    let lock = lock.await.unwrap();
    let calls = DOORS.into_iter().flat_map(|door| {
        changes(&task, &epoch, &format!("{door:?}")).map(|(tool, arguments)| {
            let agent = &agent;
            async move { (door, tool, agent.outcome(door, tool, &arguments).await) }
        })
    });
    for (door, tool, outcome) in futures::future::join_all(calls).await {
        let refused = outcome.expect_err(tool);
        assert_eq!(refused["code"], "unavailable", "{door:?} {tool}: {refused}");
        assert_eq!(refused["retryable"], true, "{door:?} {tool}: {refused}");
        assert!(refused["hint"].as_str().unwrap().contains("again"), "{door:?} {tool}: {refused}");
        assert!(!refused.to_string().contains("locked"), "the cause is for the log: {refused}");
    }
    drop(lock);
    all_works_again(&app, &agent, &task, &epoch).await;
}

/// A server on a database at the other end of a cable.
async fn beyond_a_cable(kind: Kind) -> (TestApp, Cable) {
    let database = tokio::task::spawn_blocking(move || Database::new(kind)).await.unwrap();
    let mut url = Url::parse(database.tcp_url().unwrap()).unwrap();
    let target: SocketAddr = format!("127.0.0.1:{}", url.port().unwrap()).parse().unwrap();
    let cable = Cable::to(target).await;
    url.set_port(Some(cable.address.port())).unwrap();
    (TestApp::on(url.as_str()).await, cable)
}

/// The answer of either door while there is no database: not even who calls can be found out.
fn is_told_to_call_again(answer: &Answer, call: &str) {
    assert_eq!(answer.status, 503, "{call}: {}", answer.text());
    let refused = answer.json();
    assert_eq!((&refused["code"], &refused["retryable"]), (&json!("unavailable"), &json!(true)), "{call}: {refused}");
    assert!(refused["hint"].as_str().unwrap().contains("again"), "{call}: {refused}");
    assert!(!refused["message"].as_str().unwrap().is_empty(), "{call}: {refused}");
    assert_eq!(answer.header("retry-after"), "1", "{call}");
}

async fn a_database_that_goes_away_and_comes_back(kind: Kind) {
    let (app, cable) = beyond_a_cable(kind).await;
    let (agent, task, epoch) = at_work(&app).await;
    cable.pull();
    for door in DOORS {
        for (tool, arguments) in changes(&task, &epoch, &format!("{door:?}")) {
            is_told_to_call_again(&agent.knock(door, tool, &arguments).await, &format!("{door:?} {tool}"));
        }
    }
    cable.plug();
    let nothing = json!({});
    eventually("the database is back", async || agent.outcome(Door::Mcp, "list_my_tasks", &nothing).await.is_ok())
        .await;
    all_works_again(&app, &agent, &task, &epoch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_is_gone_is_said_to_the_agent_and_waited_for() {
    a_database_that_goes_away_and_comes_back(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mariadb_that_is_gone_is_said_to_the_agent_and_waited_for() {
    a_database_that_goes_away_and_comes_back(Kind::Mariadb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_is_stopped_for_good_is_said_at_both_doors_to_agents_and_owners() {
    let own = tokio::task::spawn_blocking(OwnServer::postgres).await.unwrap();
    let app = TestApp::on(own.url()).await;
    let (agent, task, epoch) = at_work(&app).await;
    let browser = app.browser_of(agent.user).await;
    tokio::task::spawn_blocking(move || own.stop()).await.unwrap();
    for (tool, arguments) in changes(&task, &epoch, "gone") {
        for door in DOORS {
            is_told_to_call_again(&agent.knock(door, tool, &arguments).await, &format!("{door:?} {tool}"));
        }
        let mut by_owner = arguments;
        by_owner["agentId"] = json!(agent.id);
        is_told_to_call_again(&browser.post(&format!("/api/mcp/{tool}"), &by_owner).await, &format!("owner {tool}"));
    }
}
