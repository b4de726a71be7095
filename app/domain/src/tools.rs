//! The tools that agents call: their names, what they take and answer, and the words that make an agent use them rightly.
//!
//! This is the contract of every front door that offers them. No argument names a user or an agent: who calls is known.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{ErrorCode, FieldError, task::UnknownName};

mod describe;
mod error;
mod input;
mod output;
#[cfg(feature = "schema")]
mod schema;

pub use describe::INSTRUCTIONS;
pub use error::ToolError;
pub use input::{
    AddTaskNote, AskUserQuestion, Assign, CheckQuestionResponse, CreateSubtask, GetNextTask, GetTask, ListMyTasks,
    ReportProgress, UpdateTaskStatus, WorkStatus,
};
pub use output::{
    AddTaskNoteOutput, AskUserQuestionOutput, CheckQuestionResponseOutput, CreateSubtaskOutput, GetNextTaskOutput,
    GetTaskOutput, LeaseView, ListMyTasksOutput, NoTask, NoteView, QuestionView, ReportProgressOutput, TaskSummary,
    TaskView, UpdateTaskStatusOutput,
};

/// Longest wait of a call, in seconds: clients give up on a silent server after a minute.
pub const WAIT_MAX: u32 = 45;
/// Longest summary, in characters.
pub const SUMMARY_MAX: usize = 160;
/// Longest note, in bytes.
pub const NOTE_MAX_BYTES: usize = 16 * 1024;
/// Most tasks that one list returns.
pub const LIST_MAX: u32 = 50;
/// Most acceptance criteria of a subtask.
pub const ACCEPTANCE_MAX: usize = 20;
/// Longest acceptance criterion, in characters.
pub const ACCEPTANCE_ITEM_MAX: usize = 300;
/// Longest idempotency key, in characters.
pub const KEY_MAX: usize = 200;

/// A tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    /// Takes the next task.
    GetNextTask,
    /// Moves the task that the agent holds.
    UpdateTaskStatus,
    /// Asks a person.
    AskUserQuestion,
    /// Looks whether a person has answered.
    CheckQuestionResponse,
    /// Makes a part of a task a task of its own.
    CreateSubtask,
    /// Says how far the agent is.
    ReportProgress,
    /// Reads a task.
    GetTask,
    /// Lists tasks.
    ListMyTasks,
    /// Writes a note on a task.
    AddTaskNote,
}

/// What a client may assume of a tool. None of them destroys anything, and none reaches out of AiWorker.
#[expect(clippy::struct_excessive_bools, reason = "these are the four hints that MCP has")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hints {
    /// It changes nothing.
    pub read_only: bool,
    /// Calling it again with the same arguments changes nothing more.
    pub idempotent: bool,
    /// It may destroy something.
    pub destructive: bool,
    /// It deals with things outside of AiWorker.
    pub open_world: bool,
}

impl Tool {
    /// Every tool, in the order in which they are listed.
    pub const ALL: [Self; 9] = [
        Self::GetNextTask,
        Self::UpdateTaskStatus,
        Self::AskUserQuestion,
        Self::CheckQuestionResponse,
        Self::CreateSubtask,
        Self::ReportProgress,
        Self::GetTask,
        Self::ListMyTasks,
        Self::AddTaskNote,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GetNextTask => "get_next_task",
            Self::UpdateTaskStatus => "update_task_status",
            Self::AskUserQuestion => "ask_user_question",
            Self::CheckQuestionResponse => "check_question_response",
            Self::CreateSubtask => "create_subtask",
            Self::ReportProgress => "report_progress",
            Self::GetTask => "get_task",
            Self::ListMyTasks => "list_my_tasks",
            Self::AddTaskNote => "add_task_note",
        }
    }

    /// What a person reads.
    pub const fn title(self) -> &'static str {
        match self {
            Self::GetNextTask => "Get the next task",
            Self::UpdateTaskStatus => "Update the task's status",
            Self::AskUserQuestion => "Ask the user a question",
            Self::CheckQuestionResponse => "Check for the user's answer",
            Self::CreateSubtask => "Create a subtask",
            Self::ReportProgress => "Report progress",
            Self::GetTask => "Get a task",
            Self::ListMyTasks => "List my tasks",
            Self::AddTaskNote => "Add a note to a task",
        }
    }

    /// When to use it and how, for the agent: at most 2 KiB.
    pub const fn description(self) -> &'static str {
        describe::of(self)
    }

    /// What a client may assume of it.
    pub const fn hints(self) -> Hints {
        let read_only = matches!(self, Self::CheckQuestionResponse | Self::GetTask | Self::ListMyTasks);
        let adds = matches!(self, Self::AskUserQuestion | Self::CreateSubtask | Self::AddTaskNote);
        Hints { read_only, idempotent: !adds, destructive: false, open_world: false }
    }

    /// The JSON schema of its arguments. No reference leads out of it, and unknown arguments are refused.
    #[cfg(feature = "schema")]
    pub fn input_schema(self) -> serde_json::Value {
        schema::input(self)
    }

    /// The JSON schema of its answer.
    #[cfg(feature = "schema")]
    pub fn output_schema(self) -> serde_json::Value {
        schema::output(self)
    }
}

impl FromStr for Tool {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|tool| tool.as_str() == text).ok_or_else(|| UnknownName(text.to_owned()))
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What tells a repeated call from a new one: 1 to 200 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if (1..=KEY_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("Use 1 to {KEY_MAX} visible ASCII characters without spaces."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_its_name_and_words_that_fit() {
        for tool in Tool::ALL {
            assert_eq!(tool.as_str().parse(), Ok(tool));
            assert_eq!(serde_json::to_value(tool).ok(), Some(tool.as_str().into()));
            let length = tool.description().len();
            assert!((100..=2048).contains(&length), "{tool}: {length} bytes");
        }
        assert!(INSTRUCTIONS.len() <= 2048, "{} bytes", INSTRUCTIONS.len());
        assert!("get_next_tasks".parse::<Tool>().is_err());
    }

    #[test]
    fn keys_are_short_and_visible() {
        assert!("toolu_01ABC".parse::<IdempotencyKey>().is_ok());
        for bad in ["", "a b", "é", "a\n", &"x".repeat(201)] {
            assert!(bad.parse::<IdempotencyKey>().is_err(), "{bad:?}");
        }
    }
}
