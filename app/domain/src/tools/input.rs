//! What the tools take. Ids are opaque texts here: one that is not an id is not found, like one that belongs to nothing.

use serde::{Deserialize, Serialize};

use crate::{Priority, Prompt, TaskResult, TaskState};

/// Arguments of `get_next_task`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct GetNextTask {
    /// Take a task of this project only. Leave it out to take the first task of all your projects.
    pub project_id: Option<String>,
    /// How long to wait for a task when there is none, 0 to 45 seconds. Default 0.
    #[cfg_attr(feature = "schema", schemars(range(max = 45)))]
    pub wait_seconds: Option<u32>,
}

/// What an agent makes of its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WorkStatus {
    /// You work on it.
    InProgress,
    /// You cannot go on until a person does something; you give the task up.
    Blocked,
    /// The work is finished and waits for a person's review.
    InReview,
    /// The work is finished and needs no review.
    Done,
    /// The task cannot be done.
    Failed,
    /// You give it back unfinished, for another agent.
    Released,
}

/// Arguments of `update_task_status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateTaskStatus {
    /// The task you hold.
    pub task_id: String,
    /// Its new status.
    pub status: WorkStatus,
    /// The `epoch` of your lease, as `get_next_task` returned it.
    pub lease_epoch: i64,
    /// What happened, in one line of at most 160 characters.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 160)))]
    pub summary: String,
    /// What came out of the work: give branch and commit when you committed something.
    #[serde(default)]
    pub result: Option<TaskResult>,
    /// What must happen before anybody can go on. Required with `blocked`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = 2000)))]
    pub blocked_reason: Option<String>,
    /// A text that is the same when you repeat this very call, so that it happens once.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 200)))]
    pub idempotency_key: Option<String>,
}

/// Arguments of `ask_user_question`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AskUserQuestion {
    /// The task it is about. Leave it out when you ask about the task you hold.
    #[serde(default)]
    pub task_id: Option<String>,
    /// One to four questions that are answered together.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 4)))]
    pub questions: Vec<Prompt>,
    /// Whether you cannot go on without the answer. Default true: the task then waits for the user.
    #[serde(default = "yes")]
    pub blocking: bool,
    /// After how many seconds nobody needs to answer any more, at most 604800 (a week). Default a day.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 604_800)))]
    pub expires_in_s: Option<u32>,
    /// The label of the option that you will take when nobody answers in time. Every question must offer it.
    #[serde(default)]
    pub default_option: Option<String>,
    /// How long to wait here for the answer, 0 to 45 seconds. Default 45 when `blocking`, else 0.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(range(max = 45)))]
    pub wait_seconds: Option<u32>,
    /// A text that is the same when you repeat this very call, so that it happens once.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 200)))]
    pub idempotency_key: Option<String>,
}

fn yes() -> bool {
    true
}

/// Arguments of `check_question_response`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckQuestionResponse {
    /// The question, as `ask_user_question` returned it.
    pub question_id: String,
    /// How long to wait for the answer, 0 to 45 seconds. Default 0.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(range(max = 45)))]
    pub wait_seconds: Option<u32>,
}

/// Who works on a subtask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Assign {
    /// You, at once: you hold it beside its parent.
    #[serde(rename = "self")]
    Me,
    /// Whoever takes it from the backlog.
    #[default]
    Backlog,
}

/// Arguments of `create_subtask`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateSubtask {
    /// The task it is a part of.
    pub parent_task_id: String,
    /// What is to be done, in one line of at most 200 characters.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 200)))]
    pub title: String,
    /// What is to be done, in Markdown, so that somebody who knows nothing else can do it.
    #[cfg_attr(feature = "schema", schemars(length(max = 65_536)))]
    pub description: String,
    /// What goes first. Default: the parent's priority.
    #[serde(default)]
    pub priority: Option<Priority>,
    /// Tasks of the same project that must be done before this one is handed out.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = 50)))]
    pub depends_on: Vec<String>,
    /// Who works on it. Default `backlog`.
    #[serde(default)]
    pub assign: Assign,
    /// How to see that it is done, one criterion each.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = 20)))]
    pub acceptance: Vec<String>,
    /// A text that is the same when you repeat this very call, so that it happens once.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 200)))]
    pub idempotency_key: Option<String>,
}

/// Arguments of `report_progress`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportProgress {
    /// The task you hold.
    pub task_id: String,
    /// The `epoch` of your lease, as `get_next_task` returned it.
    pub lease_epoch: i64,
    /// What you do now, in one line of at most 160 characters.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 160)))]
    pub summary: String,
    /// How much of the task is done, 0 to 100.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(range(max = 100)))]
    pub percent: Option<u32>,
    /// The address of a web page that shows it.
    #[serde(default)]
    pub link: Option<String>,
    /// A text that is the same when you repeat this very call, so that it happens once.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 200)))]
    pub idempotency_key: Option<String>,
}

/// Arguments of `get_task`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GetTask {
    /// The task.
    pub task_id: String,
}

/// Arguments of `list_my_tasks`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ListMyTasks {
    /// Tasks of this project only.
    pub project_id: Option<String>,
    /// Tasks in this state only.
    pub state: Option<TaskState>,
    /// Parts of this task only.
    pub parent_task_id: Option<String>,
    /// How many, 1 to 50. Default 20.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 50)))]
    pub limit: Option<u32>,
    /// The `next_cursor` of the list before, to go on from there.
    pub cursor: Option<String>,
}

/// Arguments of `add_task_note`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddTaskNote {
    /// The task.
    pub task_id: String,
    /// The note, in Markdown, at most 16 KiB.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16_384)))]
    pub markdown: String,
    /// A text that is the same when you repeat this very call, so that it happens once.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 200)))]
    pub idempotency_key: Option<String>,
}
