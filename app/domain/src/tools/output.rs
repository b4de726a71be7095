//! What the tools answer.

use serde::{Deserialize, Serialize};

use crate::{
    Answer, Priority, ProjectId, Prompt, QuestionId, QuestionStatus, TaskId, TaskResult, TaskState, Timestamp,
};

/// A task with everything an agent needs to work on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TaskView {
    /// The task's id.
    pub id: TaskId,
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// That project's name.
    pub project_name: String,
    /// Where the project's code is, if anywhere.
    pub repository_url: Option<String>,
    /// The branch to start from.
    pub default_branch: String,
    /// The branch to commit to.
    pub branch: String,
    /// What is to be done, in a line.
    pub title: String,
    /// What is to be done, in Markdown.
    pub description: String,
    /// Where it is on its way.
    pub state: TaskState,
    /// What goes first.
    pub priority: Priority,
    /// The tasks that must be done before.
    pub depends_on: Vec<TaskId>,
    /// The task this is a part of.
    pub parent_id: Option<TaskId>,
    /// What came out of it.
    pub result: TaskResult,
    /// How often agents have lost it before.
    pub attempts: u32,
    /// Counts its changes.
    pub version: i64,
}

/// A hold on a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LeaseView {
    /// Send it as `lease_epoch` with everything about this task.
    pub epoch: i64,
    /// When the task goes to another agent, unless you make any call before.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub expires_at: Timestamp,
    /// Call `report_progress` at least this often, in seconds.
    pub heartbeat_every_s: u32,
}

/// Why there is no task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NoTask {
    /// The backlog is empty.
    BacklogEmpty,
    /// Every task in the backlog waits for another one.
    WaitingForOthers,
    /// As many agents as allowed are at work.
    WorkingLimit,
    /// The server is about to restart.
    ServerStopping,
}

/// Answer of `get_next_task`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GetNextTaskOutput {
    /// The task that is yours now, or null.
    pub task: Option<TaskView>,
    /// Your hold on it.
    pub lease: Option<LeaseView>,
    /// Whether you held it already: look at your branch and its notes before you begin.
    pub resumed: bool,
    /// Questions about this task with the answers so far.
    pub questions: Vec<QuestionView>,
    /// Why there is no task.
    pub reason: Option<NoTask>,
    /// When to ask again, in seconds.
    pub retry_after_s: Option<u32>,
}

/// Answer of `update_task_status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateTaskStatusOutput {
    /// The task.
    pub task_id: TaskId,
    /// The state it is in now.
    pub status: TaskState,
    /// Counts its changes.
    pub version: i64,
}

/// Answer of `ask_user_question`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AskUserQuestionOutput {
    /// The question, for `check_question_response`.
    pub question_id: QuestionId,
    /// Where it is on its way.
    pub status: QuestionStatus,
    /// The answers, one for each question in order.
    pub answers: Option<Vec<Answer>>,
    /// When to check again, in seconds, while it is pending.
    pub retry_after_s: Option<u32>,
}

/// Answer of `check_question_response`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckQuestionResponseOutput {
    /// Where it is on its way.
    pub status: QuestionStatus,
    /// The answers, one for each question in order; the default's when it expired.
    pub answers: Option<Vec<Answer>>,
    /// When to check again, in seconds, while it is pending.
    pub retry_after_s: Option<u32>,
}

/// Answer of `create_subtask`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateSubtaskOutput {
    /// The new task.
    pub task_id: TaskId,
    /// Your hold on it, when you took it yourself.
    pub lease: Option<LeaseView>,
}

/// Answer of `report_progress`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportProgressOutput {
    /// When the task goes to another agent, unless you make any call before.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub lease_expires_at: Timestamp,
    /// What the user wants you to know; follow it.
    pub instructions: Option<String>,
}

/// A question and its answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuestionView {
    /// The question.
    pub question_id: QuestionId,
    /// What was asked.
    pub questions: Vec<Prompt>,
    /// Where it is on its way.
    pub status: QuestionStatus,
    /// The answers, one for each question in order.
    pub answers: Option<Vec<Answer>>,
}

/// A note of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NoteView {
    /// Who wrote it.
    pub by: String,
    /// When.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub at: Timestamp,
    /// What it says, in Markdown.
    pub markdown: String,
}

/// A task in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TaskSummary {
    /// The task's id.
    pub id: TaskId,
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// What is to be done, in a line.
    pub title: String,
    /// Where it is on its way.
    pub state: TaskState,
    /// What goes first.
    pub priority: Priority,
    /// The task this is a part of.
    pub parent_id: Option<TaskId>,
    /// Whether you hold it.
    pub held_by_you: bool,
}

/// Answer of `get_task`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GetTaskOutput {
    /// The task.
    pub task: TaskView,
    /// Your hold on it, if you have one.
    pub lease: Option<LeaseView>,
    /// Its parts.
    pub subtasks: Vec<TaskSummary>,
    /// Its newest notes and reports, newest last.
    pub notes: Vec<NoteView>,
    /// Questions about it with the answers so far.
    pub questions: Vec<QuestionView>,
}

/// Answer of `list_my_tasks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ListMyTasksOutput {
    /// The tasks: urgent ones first, then oldest first.
    pub tasks: Vec<TaskSummary>,
    /// Send it as `cursor` to get the next ones; null when these were the last.
    pub next_cursor: Option<String>,
}

/// Answer of `add_task_note`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddTaskNoteOutput {
    /// The note.
    pub note_id: String,
}
