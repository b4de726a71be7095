//! The connection is cut at a hundred places of a call that changes several things: all of it happens, or nothing, and
//! the same call made again gets the answer of the first.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{Agent, DOORS, Door, LEGACY};
use crate::support::{Client, Dice, TestApp};

/// Cuts of each kind of call.
const CUTS: usize = 100;
/// Cuts of a call that is being answered come until so many hundredths of the time that it takes have passed.
const LATEST: usize = 200;

/// Where a call is cut.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// After so many bytes of the request.
    Asking(usize),
    /// When all of it was sent, after so long.
    Answering(Duration),
}

/// The request as it goes over the wire.
fn request(agent: &Agent, address: SocketAddr, door: Door, tool: &str, arguments: &Value) -> Vec<u8> {
    let (path, body) = match door {
        Door::Mcp => {
            let params = json!({ "name": tool, "arguments": arguments });
            let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
            ("/mcp".to_owned(), message.to_string())
        }
        Door::Plain => (format!("/api/mcp/{tool}"), arguments.to_string()),
    };
    let (token, length) = (&agent.token, body.len());
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         accept: application/json, text/event-stream\r\ncontent-type: application/json\r\n\
         mcp-protocol-version: {LEGACY}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Sends the request and goes away in the middle of it: with a word, or as if the cable had been pulled out.
async fn cut(address: SocketAddr, request: &[u8], place: Place, silently: bool) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    if silently {
        stream.set_zero_linger().unwrap();
    }
    match place {
        Place::Asking(bytes) => stream.write_all(&request[..bytes]).await.unwrap(),
        Place::Answering(wait) => {
            stream.write_all(request).await.unwrap();
            let sent = Instant::now();
            while sent.elapsed() < wait {
                tokio::task::yield_now().await;
            }
        }
    }
}

/// How many cut calls had happened when they were looked at, and how many had not.
#[derive(Debug, Default)]
struct Tally {
    happened: usize,
    not: usize,
    /// How long the call took that was made again and was not cut.
    takes: Duration,
}

impl Tally {
    /// Half of the cuts hit the request, the other half what is done about it.
    fn place(&self, dice: &mut Dice, round: usize, length: usize) -> Place {
        if round.is_multiple_of(2) {
            Place::Asking(dice.below(length))
        } else {
            Place::Answering(self.takes * u32::try_from(dice.below(LATEST)).unwrap() / 100)
        }
    }

    fn note(&mut self, place: Place, happened: bool) {
        if happened {
            self.happened += 1;
            assert!(matches!(place, Place::Answering(_)), "half a request was acted on: {place:?}");
        } else {
            self.not += 1;
        }
    }

    /// Otherwise the cuts hit nothing of interest.
    fn has_both(&self) {
        assert!(self.happened > 5 && self.not > CUTS / 2 + 5, "{self:?}");
    }
}

async fn timeline(browser: &Client, task: &str) -> Vec<Value> {
    browser.get(&format!("/api/tasks/{task}/timeline")).await.data().as_array().unwrap().clone()
}

fn count(timeline: &[Value], kind: &str) -> usize {
    timeline.iter().filter(|event| event["kind"] == kind).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subtask_is_there_with_all_that_belongs_to_it_or_not_at_all() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    let browser = app.browser_of(agent.user).await;
    let (parent, other) = (agent.task(&app, "Build").await, agent.task(&app, "Before").await);
    let tasks = format!("/api/projects/{}/tasks", agent.project);
    let parts = async |title: &str| {
        let listed = browser.get(&tasks).await.data();
        let parts = listed.as_array().unwrap().iter().filter(|task| task["title"] == title);
        parts.cloned().collect::<Vec<_>>()
    };
    let whole = async |part: &Value| {
        assert_eq!(part["depends_on"], json!([other.to_string()]), "{part}");
        let told = timeline(&browser, part["id"].as_str().unwrap()).await;
        assert_eq!(count(&told, "task_created"), 1, "{told:?}");
    };
    let (mut dice, mut tally) = (Dice::seeded(1), Tally::default());
    for round in 0..CUTS {
        let title = format!("part {round}");
        let arguments = json!({
            "parent_task_id": parent, "title": title, "description": "", "depends_on": [other],
            "idempotency_key": format!("cut-{round}"),
        });
        let door = *dice.pick(&DOORS);
        let bytes = request(&agent, app.address, door, "create_subtask", &arguments);
        let place = tally.place(&mut dice, round, bytes.len());
        cut(app.address, &bytes, place, dice.below(2) == 0).await;
        let there = parts(&title).await;
        tally.note(place, !there.is_empty());
        for part in &there {
            whole(part).await;
        }
        let began = Instant::now();
        let again = agent.outcome(door, "create_subtask", &arguments).await;
        if there.is_empty() {
            tally.takes = began.elapsed();
        }
        let again = again.unwrap_or_else(|error| panic!("round {round}, {place:?}: {error}"));
        let there = parts(&title).await;
        assert_eq!(there.len(), 1, "round {round}, {door:?}, {place:?}");
        assert_eq!(there[0]["id"], again["task_id"], "round {round}, {door:?}, {place:?}");
        whole(&there[0]).await;
    }
    tally.has_both();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_handed_in_with_all_that_follows_from_it_or_not_at_all() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    let browser = app.browser_of(agent.user).await;
    let is_open = async |question: &Value| {
        let open = browser.get("/api/questions").await.data();
        open.as_array().unwrap().iter().any(|other| other["id"] == *question)
    };
    let (mut dice, mut tally) = (Dice::seeded(2), Tally::default());
    for round in 0..CUTS {
        let door = *dice.pick(&DOORS);
        agent.task(&app, &format!("task {round}")).await;
        let taken = agent.outcome(door, "get_next_task", &json!({})).await.unwrap();
        let id = taken["task"]["id"].as_str().unwrap().to_owned();
        let asks = json!({ "task_id": id, "questions": [{ "question": "Which?" }], "blocking": false });
        let question = agent.outcome(door, "ask_user_question", &asks).await.unwrap()["question_id"].clone();
        let arguments = json!({
            "task_id": id, "lease_epoch": taken["lease"]["epoch"], "status": "in_review", "summary": "Ready",
            "result": { "branch": format!("agent/{id}"), "commit": "0123abc" },
            "idempotency_key": format!("cut-{round}"),
        });
        let bytes = request(&agent, app.address, door, "update_task_status", &arguments);
        let place = tally.place(&mut dice, round, bytes.len());
        cut(app.address, &bytes, place, dice.below(2) == 0).await;

        // It may be happening right now, so what is read later may be newer.
        let was_open = is_open(&question).await;
        let task = browser.get(&format!("/api/tasks/{id}")).await.data();
        let happened = task["state"] == "in_review";
        tally.note(place, happened);
        assert!(happened || task["state"] == "in_progress", "{task}");
        assert!(was_open || happened, "the question was closed without the task: round {round}, {place:?}");
        assert_eq!(happened, task["result"]["commit"] == "0123abc", "round {round}, {place:?}: {task}");
        assert_eq!(happened, task["lease"].is_null(), "round {round}, {place:?}: {task}");
        let told = timeline(&browser, &id).await;
        let given = count(&told, "task_result_given");
        assert!(given == 1 || !happened, "round {round}, {place:?}: {told:?}");
        if happened {
            assert!(!is_open(&question).await, "round {round}, {place:?}");
        }

        let began = Instant::now();
        let again = agent.outcome(door, "update_task_status", &arguments).await;
        if !happened {
            tally.takes = began.elapsed();
        }
        let again = again.unwrap_or_else(|error| panic!("round {round}, {door:?}, {place:?}: {error}"));
        assert_eq!(again, json!({ "task_id": id, "status": "in_review", "version": 3 }));
        let told = timeline(&browser, &id).await;
        for kind in ["task_claimed", "task_result_given", "task_reported", "question_closed"] {
            assert_eq!(count(&told, kind), 1, "round {round}, {place:?}: {kind} in {told:?}");
        }
    }
    tally.has_both();
}
