//! The tools on a real database: leases and fences, repeated calls, questions that are waited for, and other people's
//! objects.

use std::time::Duration;

use domain::{Agent, LiveEvent, NewAnswers, NewNote, Observed, Phase, Project, Reason, TaskPatch, TaskState};
use futures::FutureExt as _;
use serde_json::json;

use super::*;
use crate::testing::{Bed, drain, seen};

/// Longer than any lease.
const LONG: Duration = Duration::from_mins(11);

struct World {
    bed: Bed,
    ann: Caller,
    project: Project,
    agent: Agent,
    worker: Worker,
}

impl World {
    /// A user with an agent that was seen to run.
    async fn new() -> Self {
        let bed = Bed::new().await;
        let ann = bed.user("ann").await;
        let project = bed.project(&ann, "garden").await;
        let agent = bed.agent(&ann, &project, "otter").await;
        bed.look_at(agent.id).await;
        let worker = bed.services.tools().in_place_of(&ann, agent.id).await.unwrap();
        Self { bed, ann, project, agent, worker }
    }

    async fn another(&self, name: &str) -> Worker {
        let agent = self.bed.agent(&self.ann, &self.project, name).await;
        self.bed.services.tools().in_place_of(&self.ann, agent.id).await.unwrap()
    }

    async fn call(&self, tool: Tool, arguments: Value) -> Result<Value, ToolError> {
        self.bed.services.tools().call(&self.worker, tool, arguments, None).await
    }

    async fn task(&self, title: &str) -> Task {
        self.bed.task(&self.ann, &self.project, title).await
    }

    async fn read(&self, id: TaskId) -> Task {
        self.bed.services.tasks().get(&self.ann, id).await.unwrap()
    }

    async fn phase(&self) -> Phase {
        self.bed.services.agents().get(&self.ann, self.agent.id).await.unwrap().phase
    }

    async fn claim(&self) -> Value {
        self.call(Tool::GetNextTask, json!({})).await.unwrap()
    }
}

fn status(task: TaskId, epoch: i64, status: &str) -> Value {
    json!({"task_id": task, "lease_epoch": epoch, "status": status, "summary": "as it is"})
}

#[tokio::test]
async fn a_task_is_taken_reported_on_and_handed_in() {
    let world = World::new().await;
    let task = world.task("Mend the gate").await;
    assert_eq!(world.phase().await, Phase::Idle);
    let taken = world.claim().await;
    assert_eq!((&taken["task"]["id"], &taken["resumed"]), (&json!(task.id), &json!(false)));
    assert_eq!(taken["task"]["branch"], format!("agent/{}", task.id));
    assert_eq!(world.phase().await, Phase::Working);
    assert_eq!(world.claim().await["resumed"], true);
    let report = json!({"task_id": task.id, "lease_epoch": 1, "summary": "oiling", "percent": 50});
    world.call(Tool::ReportProgress, report).await.unwrap();
    let seen = world.read(task.id).await;
    assert_eq!(seen.report.map(|report| (report.summary, report.percent)), Some(("oiling".into(), Some(50))));
    let mut done = status(task.id, 1, "in_review");
    done["result"] = json!({"branch": "agent/1", "commit": "0123abc"});
    let done = world.call(Tool::UpdateTaskStatus, done).await.unwrap();
    assert_eq!(done, json!({"task_id": task.id, "status": "in_review", "version": 3}));
    let seen = world.read(task.id).await;
    assert_eq!((seen.state, seen.lease, seen.result.commit), (TaskState::InReview, None, Some("0123abc".into())));
    assert_eq!(world.phase().await, Phase::Idle);
    let late = world.call(Tool::UpdateTaskStatus, status(task.id, 1, "failed")).await.unwrap_err();
    assert_eq!((late.code, late.retryable), (ErrorCode::LeaseLost, false));
    assert_eq!(late.message, "You do not hold this task; it is in review.");
    let none = world.claim().await;
    assert_eq!((&none["task"], &none["reason"]), (&Value::Null, &json!("backlog_empty")));
}

#[tokio::test]
async fn an_agent_that_is_not_heard_of_loses_its_task_and_after_three_times_a_person_must_look() {
    let world = World::new().await;
    let task = world.task("Mend the gate").await;
    for attempt in 1..=3 {
        assert_eq!(world.claim().await["lease"]["epoch"], attempt);
        // Any call keeps the lease.
        world.bed.clock.advance(Duration::from_mins(9));
        world.call(Tool::ListMyTasks, json!({})).await.unwrap();
        world.bed.clock.advance(Duration::from_mins(9));
        world.bed.inner().reap().await.unwrap();
        assert_eq!(world.read(task.id).await.state, TaskState::InProgress);
        // One that it has made before, too.
        let note = json!({"task_id": task.id, "markdown": "Oil is here", "idempotency_key": "oil"});
        world.call(Tool::AddTaskNote, note.clone()).await.unwrap();
        world.bed.clock.advance(Duration::from_mins(9));
        world.call(Tool::AddTaskNote, note).await.unwrap();
        world.bed.clock.advance(Duration::from_mins(9));
        world.bed.inner().reap().await.unwrap();
        assert_eq!(world.read(task.id).await.state, TaskState::InProgress);
        world.bed.clock.advance(LONG);
        world.bed.inner().reap().await.unwrap();
        assert_eq!(world.read(task.id).await.attempts, attempt);
        let late = world.call(Tool::UpdateTaskStatus, status(task.id, attempt.into(), "done")).await;
        assert_eq!(late.unwrap_err().code, ErrorCode::LeaseLost);
    }
    let lost = world.read(task.id).await;
    assert!(lost.needs_attention());
    assert_eq!(world.claim().await["task"], Value::Null);
    let again = TaskPatch { state: Some(TaskState::Backlog), ..TaskPatch::default() };
    let again = world.bed.services.tasks().update(&world.ann, task.id, again).await.unwrap();
    assert_eq!(again.attempts, 0);
    assert_eq!(world.claim().await["lease"]["epoch"], 4);
}

#[tokio::test]
async fn an_agent_that_dies_gives_its_task_back_unless_it_is_heard_of_soon() {
    let world = World::new().await;
    let task = world.task("Mend the gate").await;
    let dies = async || {
        world.bed.runtime.report(seen(world.agent.id, Observed::Failed, Reason::Exited));
        world.bed.look_at(world.agent.id).await;
        assert_eq!(world.phase().await, Phase::Pending);
        world.bed.look_at(world.agent.id).await;
    };
    let after = async |seconds: u64| {
        world.bed.clock.advance(Duration::from_secs(seconds));
        world.bed.inner().reap().await.unwrap();
        world.read(task.id).await
    };
    world.claim().await;
    dies().await;
    assert_eq!(after(59).await.state, TaskState::InProgress);
    assert_eq!(world.claim().await["resumed"], true, "it is back in time");
    assert_eq!(after(61).await.state, TaskState::InProgress);
    for attempt in 1..=3 {
        dies().await;
        let lost = after(61).await;
        assert_eq!((lost.attempts, lost.lease.is_some()), (attempt, false));
        assert_eq!(lost.needs_attention(), attempt == 3);
        let late = world.call(Tool::UpdateTaskStatus, status(task.id, attempt.into(), "done")).await;
        assert_eq!(late.unwrap_err().code, ErrorCode::LeaseLost);
        assert_eq!(world.claim().await["task"].is_null(), attempt == 3);
    }
}

#[tokio::test]
async fn an_agent_whose_run_ended_gives_its_task_back_though_the_next_one_is_up() {
    let world = World::new().await;
    let task = world.task("Mend the gate").await;
    world.claim().await;
    world.bed.hear(seen(world.agent.id, Observed::Failed, Reason::Evicted)).await;
    assert_eq!(world.phase().await, Phase::Working, "the lease is not over yet");
    world.bed.clock.advance(Duration::from_secs(61));
    world.bed.inner().reap().await.unwrap();
    let lost = world.read(task.id).await;
    assert_eq!((lost.attempts, lost.lease.is_some()), (1, false));
}

#[tokio::test]
async fn a_stopped_agent_gives_back_what_it_held_and_its_questions_with_it() {
    let world = World::new().await;
    let task = world.task("Mend the gate").await;
    world.claim().await;
    let asks = json!({"questions": [{"question": "Which?"}], "wait_seconds": 0});
    let asked = world.call(Tool::AskUserQuestion, asks).await.unwrap();
    assert_eq!(asked["status"], "pending");
    assert_eq!((world.read(task.id).await.state, world.phase().await), (TaskState::NeedsInput, Phase::Waiting));
    world.bed.services.agents().stop(&world.ann, world.agent.id).await.unwrap();
    let back = world.read(task.id).await;
    assert_eq!((back.state, back.attempts, back.lease), (TaskState::Backlog, 0, None));
    assert_eq!(world.bed.services.questions().list(&world.ann).await.unwrap(), []);
    assert_eq!(world.call(Tool::GetNextTask, json!({})).await.unwrap_err().code, ErrorCode::Forbidden);
}

#[tokio::test]
async fn a_repeated_call_gets_the_first_answer_and_changes_nothing_more() {
    let world = World::new().await;
    let task = world.task("Mend the gate").await;
    world.claim().await;
    let key = || Some("toolu_1".parse().unwrap());
    let part = json!({"parent_task_id": task.id, "title": "Buy oil", "description": "", "acceptance": ["It is here"]});
    let tools = world.bed.services.tools();
    let calls = (0..10).map(|_| tools.call(&world.worker, Tool::CreateSubtask, part.clone(), key()));
    let answers = futures::future::join_all(calls).await;
    let first = answers[0].clone().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref() == Ok(&first)), "{answers:?}");
    let listed = world.call(Tool::ListMyTasks, json!({"parent_task_id": task.id})).await.unwrap();
    assert_eq!(listed["tasks"].as_array().unwrap().len(), 1);
    let other = json!({"parent_task_id": task.id, "title": "Buy paint", "description": ""});
    let reused = tools.call(&world.worker, Tool::CreateSubtask, other, key()).await.unwrap_err();
    assert_eq!(reused.code, ErrorCode::KeyReused);
    let mut done = status(task.id, 1, "done");
    done["idempotency_key"] = json!("mine");
    let first = world.call(Tool::UpdateTaskStatus, done.clone()).await.unwrap();
    assert_eq!(world.call(Tool::UpdateTaskStatus, done).await.unwrap(), first);
}

#[tokio::test]
async fn a_report_is_answered_with_what_people_did_since_the_last_one() {
    let world = World::new().await;
    let task = world.task("Mend the gate").await;
    let (tasks, ann) = (world.bed.services.tasks(), &world.ann);
    let write = async |text: &str| tasks.add_note(ann, task.id, NewNote { markdown: text.into() }).await.unwrap();
    write("before anybody took it").await;
    let epoch = world.claim().await["lease"]["epoch"].clone();
    let report = json!({"task_id": task.id, "lease_epoch": epoch, "summary": "sawing"});
    let reported = async || world.call(Tool::ReportProgress, report.clone()).await.unwrap()["instructions"].clone();
    assert_eq!(reported().await, Value::Null, "get_next_task and get_task tell of what was there before");
    write("Use *oak*.").await;
    let patch = TaskPatch { description: Some("Of oak".into()), ..TaskPatch::default() };
    tasks.update(ann, task.id, patch).await.unwrap();
    let mut keyed = report.clone();
    keyed["idempotency_key"] = json!("k");
    let told = world.call(Tool::ReportProgress, keyed.clone()).await.unwrap();
    let expected = "ann wrote: Use *oak*.\n\nann changed the task's description: read it again with get_task.";
    assert_eq!(told["instructions"], expected);
    assert_eq!(reported().await, Value::Null, "once");
    assert_eq!(world.call(Tool::ReportProgress, keyed).await.unwrap(), told, "a repeated call is answered the same");
    let empty = tasks.add_note(ann, task.id, NewNote { markdown: " ".into() }).await.unwrap_err();
    assert_eq!(empty.code(), ErrorCode::Invalid);
    let cancelled = TaskPatch { state: Some(TaskState::Cancelled), ..TaskPatch::default() };
    tasks.update(ann, task.id, cancelled).await.unwrap();
    let lost = world.call(Tool::ReportProgress, report.clone()).await.unwrap_err();
    assert_eq!(lost.code, ErrorCode::LeaseLost);
    assert!(lost.message.contains("cancelled") && lost.hint.unwrap().contains("Stop"), "{}", lost.message);
}

#[tokio::test]
async fn an_agent_that_waits_for_a_task_gets_it_the_moment_there_is_one() {
    let world = World::new().await;
    let tools = world.bed.services.tools();
    let mut waiting = Box::pin(tools.call(&world.worker, Tool::GetNextTask, json!({"wait_seconds": 45}), None));
    // It asks, and then sleeps.
    while world.bed.clock.sleepers() == 0 {
        assert!((&mut waiting).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    let task = world.task("Mend the gate").await;
    assert_eq!(waiting.await.unwrap()["task"]["id"], json!(task.id));
    let other = world.another("badger").await;
    let mut waiting = Box::pin(tools.call(&other, Tool::GetNextTask, json!({"wait_seconds": 45}), None));
    while world.bed.clock.sleepers() == 0 {
        assert!((&mut waiting).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    world.bed.clock.advance(Duration::from_secs(45));
    assert_eq!(waiting.await.unwrap()["reason"], "backlog_empty");
    let too_long = world.call(Tool::GetNextTask, json!({"wait_seconds": 46})).await.unwrap_err();
    assert_eq!(too_long.code, ErrorCode::Invalid);
}

#[tokio::test]
async fn a_waiting_agent_has_the_answer_when_the_person_gives_it() {
    let world = World::new().await;
    let task = world.task("Mend the gate").await;
    world.claim().await;
    let mut events = world.bed.services.live().subscribe(&world.ann, None).unwrap();
    let tools = world.bed.services.tools();
    let asks = json!({"questions": [
        {"header": "Paint", "question": "Which colour?", "options": [{"label": "Blue"}, {"label": "Red"}], "allow_text": false},
        {"question": "Anything else?"},
    ]});
    let mut asking = Box::pin(tools.call(&world.worker, Tool::AskUserQuestion, asks, None));
    while world.bed.clock.sleepers() == 0 {
        assert!((&mut asking).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    let open = world.bed.services.questions().list(&world.ann).await.unwrap();
    assert!(drain(&mut events).contains(&LiveEvent::Question(Box::new(open[0].clone()))));
    assert_eq!((open[0].task_id, open[0].task_title.as_deref()), (Some(task.id), Some("Mend the gate")));
    let answers: NewAnswers =
        serde_json::from_value(json!({"answers": [{"selected": ["Blue"]}, {"text": "No"}]})).unwrap();
    world.bed.services.questions().answer(&world.ann, open[0].id, answers).await.unwrap();
    let answered = asking.await.unwrap();
    assert_eq!(answered["status"], "answered");
    assert_eq!(answered["answers"], json!([{"selected": ["Blue"], "text": null}, {"selected": [], "text": "No"}]));
    assert_eq!((world.read(task.id).await.state, world.phase().await), (TaskState::InProgress, Phase::Working));
    let seen = world.call(Tool::GetTask, json!({"task_id": task.id})).await.unwrap();
    assert_eq!(seen["questions"][0]["answers"], answered["answers"]);
    // It was as long as the question could have lasted; now it is as any other.
    world.bed.clock.advance(LONG);
    world.bed.inner().reap().await.unwrap();
    assert_eq!(world.read(task.id).await.state, TaskState::Backlog);
}

#[tokio::test]
async fn nobodys_answer_is_the_default() {
    let world = World::new().await;
    let task = world.task("Mend the gate").await;
    world.claim().await;
    let asks = json!({
        "questions": [{"question": "Which colour?", "options": [{"label": "Blue"}, {"label": "Red"}]}],
        "default_option": "Red", "expires_in_s": 3600, "wait_seconds": 0,
    });
    let asked = world.call(Tool::AskUserQuestion, asks.clone()).await.unwrap();
    world.bed.clock.advance(Duration::from_mins(59));
    world.bed.inner().reap().await.unwrap();
    let asks_again = json!({"question_id": asked["question_id"]});
    assert_eq!(world.call(Tool::CheckQuestionResponse, asks_again.clone()).await.unwrap()["status"], "pending");
    world.bed.clock.advance(Duration::from_mins(1));
    world.bed.inner().reap().await.unwrap();
    let expired = world.call(Tool::CheckQuestionResponse, asks_again).await.unwrap();
    assert_eq!(expired["status"], "expired");
    assert_eq!(expired["answers"], json!([{"selected": ["Red"], "text": null}]));
    assert_eq!(world.read(task.id).await.state, TaskState::InProgress);
    let mut wrong = asks;
    wrong["default_option"] = json!("Green");
    assert_eq!(world.call(Tool::AskUserQuestion, wrong).await.unwrap_err().fields[0].field, "default_option");
}

#[tokio::test]
async fn a_person_who_moves_a_task_takes_it_from_its_agent() {
    let world = World::new().await;
    let task = world.task("Mend the gate").await;
    world.claim().await;
    let cancel = TaskPatch { state: Some(TaskState::Cancelled), ..TaskPatch::default() };
    world.bed.services.tasks().update(&world.ann, task.id, cancel).await.unwrap();
    assert_eq!(world.phase().await, Phase::Idle);
    let report = json!({"task_id": task.id, "lease_epoch": 1, "summary": "oiling"});
    let lost = world.call(Tool::ReportProgress, report).await.unwrap_err();
    assert_eq!(lost.message, "You do not hold this task; it is cancelled.");
}

#[tokio::test]
async fn anothers_objects_and_none_are_the_same() {
    let world = World::new().await;
    let eve = world.bed.user("eve").await;
    let hers = world.bed.project(&eve, "hers").await;
    let task = world.bed.task(&eve, &hers, "secret").await;
    let agent = world.bed.agent(&eve, &hers, "fox").await;
    let fox = world.bed.services.tools().in_place_of(&eve, agent.id).await.unwrap();
    let asks = json!({"questions": [{"question": "?"}], "wait_seconds": 0});
    let asked = world.bed.services.tools().call(&fox, Tool::AskUserQuestion, asks, None).await.unwrap();
    let nobodys = "0190b5c6-7d2a-7cc3-9c41-3a8f0c5d1e22";
    let own = world.task("own").await;
    let calls = |task: &str, project: &str, question: &str| {
        vec![
            (Tool::GetNextTask, json!({"project_id": project})),
            (Tool::UpdateTaskStatus, json!({"task_id": task, "lease_epoch": 1, "status": "done", "summary": "x"})),
            (Tool::AskUserQuestion, json!({"task_id": task, "questions": [{"question": "?"}]})),
            (Tool::CheckQuestionResponse, json!({"question_id": question})),
            (Tool::CreateSubtask, json!({"parent_task_id": task, "title": "x", "description": ""})),
            (Tool::ReportProgress, json!({"task_id": task, "lease_epoch": 1, "summary": "x"})),
            (Tool::GetTask, json!({"task_id": task})),
            (Tool::ListMyTasks, json!({"project_id": project})),
            (Tool::ListMyTasks, json!({"parent_task_id": task})),
            (Tool::AddTaskNote, json!({"task_id": task, "markdown": "x"})),
        ]
    };
    let question = asked["question_id"].as_str().unwrap();
    let foreign = calls(&task.id.to_string(), &hers.id.to_string(), question);
    for ((tool, foreign), (_, missing)) in foreign.into_iter().zip(calls(nobodys, nobodys, "../etc")) {
        let foreign = world.call(tool, foreign).await.unwrap_err();
        assert_eq!(foreign, world.call(tool, missing).await.unwrap_err(), "{tool}");
        assert_eq!(foreign.code, ErrorCode::NotFound, "{tool}");
    }
    let listed = world.call(Tool::ListMyTasks, json!({})).await.unwrap();
    assert_eq!(listed["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(world.claim().await["task"]["id"], json!(own.id));
    let foreign = world.bed.services.tools().in_place_of(&world.ann, agent.id).await.unwrap_err();
    assert_eq!(foreign.code(), ErrorCode::NotFound);
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_refused_with_their_names() {
    let world = World::new().await;
    let task = world.task("Mend the gate").await;
    world.claim().await;
    let id = task.id.to_string();
    for (tool, arguments, expected) in [
        (Tool::GetNextTask, json!({"user_id": "x"}), "unknown field `user_id`"),
        (Tool::GetNextTask, json!([]), "Give the arguments as an object."),
        (Tool::GetTask, json!({}), "missing field `task_id`"),
        (Tool::GetTask, json!({"task_id": 7}), "invalid type"),
        (Tool::ReportProgress, json!({"task_id": id, "lease_epoch": 1, "summary": "x".repeat(161)}), "summary"),
        (Tool::ReportProgress, json!({"task_id": id, "lease_epoch": 1, "summary": "a\u{7}"}), "summary"),
        (Tool::ReportProgress, json!({"task_id": id, "lease_epoch": 1, "summary": "x", "percent": 101}), "percent"),
        (
            Tool::ReportProgress,
            json!({"task_id": id, "lease_epoch": 1, "summary": "x", "link": "javascript:1"}),
            "link",
        ),
        (Tool::UpdateTaskStatus, status(task.id, 1, "finished"), "unknown variant"),
        (Tool::UpdateTaskStatus, status(task.id, 1, "blocked"), "blocked_reason"),
        (Tool::AddTaskNote, json!({"task_id": id, "markdown": "x".repeat(16 * 1024 + 1)}), "16 KiB"),
        (Tool::AddTaskNote, json!({"task_id": id, "markdown": "x", "idempotency_key": "a b"}), "idempotency_key"),
        (Tool::AskUserQuestion, json!({"questions": []}), "Ask 1 to 4"),
        (Tool::ListMyTasks, json!({"limit": 51}), "limit"),
    ] {
        let refused = world.call(tool, arguments.clone()).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::Invalid, "{tool} {arguments}: {refused:?}");
        assert!(refused.message.contains(expected), "{tool} {arguments}: {}", refused.message);
    }
    assert_eq!(world.read(task.id).await.version, 2);
}
