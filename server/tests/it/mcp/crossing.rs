//! Agents of two users, side by side, for a thousand random calls with each other's ids: nothing crosses.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Agent, DOORS, Door};
use crate::support::{Client, Dice, TestApp};

/// How many calls are made.
const CALLS: usize = 1000;
/// Foreign calls that must have been among them, or the dice were loaded.
const FOREIGN_LEAST: usize = 300;

/// One of the users, with what is theirs.
struct Side {
    /// In every text of theirs and in nobody else's.
    mark: &'static str,
    agents: Vec<Agent>,
    browser: Client,
    tasks: Vec<String>,
    questions: Vec<String>,
    projects: Vec<String>,
}

impl Side {
    async fn new(app: &TestApp, mark: &'static str) -> Self {
        let first = Agent::launch(app, mark).await;
        let second = first.colleague(app).await;
        let browser = app.browser_of(first.user).await;
        let projects = vec![first.project.to_string(), second.project.to_string()];
        let mut side = Self { mark, agents: vec![first, second], browser, tasks: vec![], questions: vec![], projects };
        for number in 0..5 {
            let task = side.agents[0].task(app, &format!("{mark} {number}")).await;
            side.tasks.push(task.to_string());
        }
        side
    }

    fn text(&self, dice: &mut Dice) -> String {
        format!("{} says {}", self.mark, dice.below(1000))
    }

    /// Remembers what was made.
    fn note(&mut self, output: &Value) {
        for (name, known) in [("task_id", &mut self.tasks), ("question_id", &mut self.questions)] {
            if let Some(id) = output[name].as_str()
                && !known.iter().any(|other| other == id)
            {
                known.push(id.to_owned());
            }
        }
    }
}

/// The ids that one call names.
struct Ids {
    task: String,
    question: String,
    project: String,
}

impl Ids {
    fn of(side: &Side, dice: &mut Dice) -> Self {
        let questions = if side.questions.is_empty() { &side.tasks } else { &side.questions };
        Self {
            task: dice.pick(&side.tasks).clone(),
            question: dice.pick(questions).clone(),
            project: dice.pick(&side.projects).clone(),
        }
    }

    /// Ids of nothing.
    fn random(dice: &mut Dice) -> Self {
        let mut id = || Uuid::from_u64_pair(dice.number(), dice.number()).to_string();
        Self { task: id(), question: id(), project: id() }
    }
}

/// A call of any tool that names one of these ids, with `text` wherever there is room for one.
fn call(number: usize, ids: &Ids, text: &str) -> (&'static str, Value) {
    let Ids { task, question, project } = ids;
    match number {
        0 => ("get_next_task", json!({ "project_id": project })),
        1 => {
            ("update_task_status", json!({ "task_id": task, "lease_epoch": 1, "status": "in_review", "summary": text }))
        }
        2 => ("ask_user_question", json!({ "task_id": task, "questions": [{ "question": text }], "wait_seconds": 0 })),
        3 => ("check_question_response", json!({ "question_id": question })),
        4 => ("create_subtask", json!({ "parent_task_id": task, "title": text, "description": text })),
        5 => ("report_progress", json!({ "task_id": task, "lease_epoch": 1, "summary": text })),
        6 => ("get_task", json!({ "task_id": task })),
        7 => ("list_my_tasks", json!({ "project_id": project })),
        8 => ("list_my_tasks", json!({ "parent_task_id": task })),
        _ => ("add_task_note", json!({ "task_id": task, "markdown": text })),
    }
}
/// How many different calls there are.
const KINDS: usize = 10;

/// All that a client can tell two answers apart by.
fn seen(answer: &crate::support::Answer) -> (StatusCode, Vec<(String, String)>, String) {
    let lasting = answer.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    let headers = lasting.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    (answer.status, headers, answer.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_calls_with_each_others_ids_reach_nothing() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let mut sides = [Side::new(&app, "ann-mark").await, Side::new(&app, "bob-mark").await];
    let mut dice = Dice::seeded(3);
    let (mut foreign, mut own) = (0, 0);
    for round in 0..CALLS {
        let me = dice.below(2);
        let is_foreign = dice.below(2) == 0;
        let (side, other) = (&sides[me], &sides[1 - me]);
        let ids = Ids::of(if is_foreign { other } else { side }, &mut dice);
        let (kind, text) = (dice.below(KINDS), side.text(&mut dice));
        let (tool, arguments) = call(kind, &ids, &text);
        let (agent, door) = (dice.pick(&side.agents), *dice.pick(&DOORS));
        let answer = agent.knock(door, tool, &arguments).await;
        let whole = answer.text();
        assert!(!whole.contains(other.mark), "round {round}, {door:?}, {tool}: {whole}");
        if is_foreign {
            foreign += 1;
            let (_, nowhere) = call(kind, &Ids::random(&mut dice), &text);
            let missing = agent.knock(door, tool, &nowhere).await;
            assert_eq!(seen(&answer), seen(&missing), "round {round}, {door:?}, {tool} {arguments}");
            assert!(whole.contains("not_found"), "round {round}, {door:?}, {tool}: {whole}");
        } else {
            let json = answer.json();
            let output = if door == Door::Mcp { &json["result"]["structuredContent"] } else { &json["data"] };
            own += usize::from(!output.is_null());
            sides[me].note(&output.clone());
        }
        if round % 20 == 0 {
            somebody_elses_agent(&sides, me, &mut dice).await;
            answer_a_question(&sides, me, &mut dice).await;
        }
    }
    assert!(foreign > FOREIGN_LEAST && own > FOREIGN_LEAST / 2, "{foreign} foreign calls, {own} of one's own worked");
    for (me, side) in sides.iter().enumerate() {
        nothing_of(sides[1 - me].mark, side).await;
    }
}

/// Nobody calls a tool in the name of somebody else's agent: neither its colleagues nor their owner.
async fn somebody_elses_agent(sides: &[Side; 2], me: usize, dice: &mut Dice) {
    let (side, other) = (&sides[me], &sides[1 - me]);
    let theirs = json!({ "agentId": dice.pick(&other.agents).id });
    let nobodys = json!({ "agentId": Uuid::from_u64_pair(dice.number(), dice.number()) });
    for client in [&dice.pick(&side.agents).client, &side.browser] {
        let foreign = client.post("/api/mcp/get_next_task", &theirs).await;
        let missing = client.post("/api/mcp/get_next_task", &nobodys).await;
        assert_eq!(foreign.status, 404, "{}", foreign.text());
        assert_eq!(seen(&foreign), seen(&missing));
    }
}

/// People answer what their own agents ask, and nothing else.
async fn answer_a_question(sides: &[Side; 2], me: usize, dice: &mut Dice) {
    let (side, other) = (&sides[me], &sides[1 - me]);
    let body = json!({ "answers": [{ "text": side.text(dice) }] });
    if let Some(id) = other.questions.last() {
        let foreign = side.browser.post(&format!("/api/questions/{id}/answer"), &body).await;
        let nobodys = Uuid::from_u64_pair(dice.number(), dice.number());
        let missing = side.browser.post(&format!("/api/questions/{nobodys}/answer"), &body).await;
        assert_eq!((foreign.status, foreign.text()), (missing.status, missing.text()));
        assert_eq!(foreign.status, 404);
    }
    if let Some(id) = side.questions.last() {
        let answered = side.browser.post(&format!("/api/questions/{id}/answer"), &body).await;
        assert!([200, 409].contains(&answered.status.as_u16()), "{}", answered.text());
    }
}

/// All that a user can see, searched for a mark.
async fn nothing_of(mark: &str, side: &Side) {
    let mut paths = vec!["/api/projects".to_owned(), "/api/agents/my".to_owned(), "/api/questions".to_owned()];
    paths.extend(side.projects.iter().map(|id| format!("/api/projects/{id}/tasks")));
    paths.extend(side.agents.iter().map(|agent| format!("/api/agents/{}/timeline", agent.id)));
    for task in &side.tasks {
        paths.extend([format!("/api/tasks/{task}"), format!("/api/tasks/{task}/timeline")]);
    }
    for path in paths {
        let answer = side.browser.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(!answer.text().contains(mark), "{path}: {}", answer.text());
    }
}
