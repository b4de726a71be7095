//! Tasks and the one state machine that says how they move.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    Lease, ProjectId, Report, TaskId, Timestamp,
    lease::ATTEMPTS_MAX,
    validate::{self, Checker, DEPENDS_ON_MAX, Invalid},
};

/// Where a task is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Waits to be taken.
    Backlog,
    /// Somebody works on it.
    InProgress,
    /// Work waits for a person's answer.
    NeedsInput,
    /// The result waits for a person's judgement.
    InReview,
    /// Finished and accepted.
    Done,
    /// Given up after trying.
    Failed,
    /// Not wanted any more.
    Cancelled,
}

impl TaskState {
    /// Every state, in the order of the board's columns.
    pub const ALL: [Self; 7] =
        [Self::Backlog, Self::InProgress, Self::NeedsInput, Self::InReview, Self::Done, Self::Failed, Self::Cancelled];

    /// Where a task may go from here.
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Backlog => &[Self::InProgress, Self::InReview, Self::Done, Self::Cancelled],
            Self::InProgress => {
                &[Self::Backlog, Self::NeedsInput, Self::InReview, Self::Done, Self::Failed, Self::Cancelled]
            }
            Self::NeedsInput => {
                &[Self::Backlog, Self::InProgress, Self::InReview, Self::Done, Self::Failed, Self::Cancelled]
            }
            Self::InReview => &[Self::Backlog, Self::InProgress, Self::Done, Self::Failed, Self::Cancelled],
            Self::Done => &[Self::Backlog, Self::InProgress, Self::InReview],
            Self::Failed => &[Self::Backlog, Self::InProgress, Self::Cancelled],
            Self::Cancelled => &[Self::Backlog],
        }
    }

    /// Whether a task may go from here to `to`. Staying is always allowed.
    pub fn can_become(self, to: Self) -> bool {
        self == to || self.next().contains(&to)
    }

    /// Whether an agent may hold a task in this state.
    pub const fn is_leased(self) -> bool {
        matches!(self, Self::InProgress | Self::NeedsInput)
    }

    /// What a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Backlog => "Backlog",
            Self::InProgress => "In progress",
            Self::NeedsInput => "Needs input",
            Self::InReview => "In review",
            Self::Done => "Done",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }

    /// The name as it stands in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backlog => "backlog",
            Self::InProgress => "in_progress",
            Self::NeedsInput => "needs_input",
            Self::InReview => "in_review",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl FromStr for TaskState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| UnknownName(text.to_owned()))
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// A text that is none of the names of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown name {0:?}")]
pub struct UnknownName(pub String);

/// What goes first. Ordered: `Urgent` is the smallest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Before everything else.
    Urgent,
    /// Soon.
    High,
    /// In turn.
    #[default]
    Normal,
    /// When nothing else is left.
    Low,
}

impl Priority {
    /// Every priority, first things first.
    pub const ALL: [Self; 4] = [Self::Urgent, Self::High, Self::Normal, Self::Low];

    /// What a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Urgent => "Urgent",
            Self::High => "High",
            Self::Normal => "Normal",
            Self::Low => "Low",
        }
    }

    /// The name as it stands in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }

    /// The number that the database sorts by: 0 goes first.
    pub const fn rank(self) -> i32 {
        match self {
            Self::Urgent => 0,
            Self::High => 1,
            Self::Normal => 2,
            Self::Low => 3,
        }
    }

    /// The priority of a [`rank`](Self::rank).
    pub fn from_rank(rank: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.rank() == rank)
    }
}

impl FromStr for Priority {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|priority| priority.as_str() == text).ok_or_else(|| UnknownName(text.to_owned()))
    }
}

/// What came out of a task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TaskResult {
    /// The branch that holds the work.
    pub branch: Option<String>,
    /// The commit that ends it.
    pub commit: Option<String>,
    /// The address of the pull request.
    pub pull_request: Option<String>,
    /// Anything else worth knowing.
    pub notes: Option<String>,
}

/// What a person wrote on a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// The note, in Markdown, at most 16 KiB.
    pub markdown: String,
}

/// A piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Task {
    /// The task's id.
    pub id: TaskId,
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// What is to be done, in a line.
    pub title: String,
    /// What is to be done, in Markdown.
    pub description: String,
    /// Where it is on its way.
    pub state: TaskState,
    /// What goes first.
    pub priority: Priority,
    /// The tasks that must be done before this one is handed out.
    pub depends_on: Vec<TaskId>,
    /// The task this is a part of.
    pub parent_id: Option<TaskId>,
    /// What came out of it.
    pub result: TaskResult,
    /// The agent that holds it, if one does.
    #[serde(default)]
    pub lease: Option<Lease>,
    /// How often agents lost it since a person last put it into the backlog.
    #[serde(default)]
    pub attempts: u32,
    /// What an agent last said about it.
    #[serde(default)]
    pub report: Option<Report>,
    /// Counts the changes; a patch that names an older one is refused.
    pub version: i64,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
}

impl Task {
    /// Whether agents gave up on it so often that a person must look.
    pub fn needs_attention(&self) -> bool {
        self.state == TaskState::Failed && self.attempts >= ATTEMPTS_MAX
    }
}

/// What a person fills in to make a task. It begins in the backlog.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewTask {
    /// What is to be done, in a line.
    pub title: String,
    /// What is to be done, in Markdown.
    #[serde(default)]
    pub description: String,
    /// What goes first; `normal` unless said.
    #[serde(default)]
    pub priority: Priority,
    /// The tasks of the same project that must be done before this one is handed out.
    #[serde(default)]
    pub depends_on: Vec<TaskId>,
    /// The task of the same project that this is a part of.
    #[serde(default)]
    pub parent_id: Option<TaskId>,
}

impl NewTask {
    /// The input in its stored form, or what is wrong with it. Whether the other tasks exist is the service's to check.
    pub fn validate(self) -> Result<Self, Invalid> {
        let mut checker = Checker::default();
        let title = checker.check("title", validate::title(&self.title));
        let description = checker.check("description", validate::description(&self.description));
        let depends_on = checker.check("depends_on", distinct(self.depends_on));
        checker.finish(Self { title, description, depends_on, ..self })
    }
}

fn distinct(mut ids: Vec<TaskId>) -> Result<Vec<TaskId>, String> {
    ids.sort_unstable();
    ids.dedup();
    if ids.len() > DEPENDS_ON_MAX { Err(format!("Name at most {DEPENDS_ON_MAX} tasks.")) } else { Ok(ids) }
}

/// What a person changes of a task; what is left out stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TaskPatch {
    /// A new title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A new description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A new state; the state machine must allow it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<TaskState>,
    /// A new priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// New dependencies in place of the old.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<Vec<TaskId>>,
    /// New results in place of the old.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<TaskResult>,
    /// The version this patch was made from; when given and no longer the newest, the patch is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

/// Why a patch does not fit a task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// A field breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The state machine has no such step.
    #[error("a task that is {} cannot become {}", from.label().to_lowercase(), to.label().to_lowercase())]
    Transition {
        /// Where the task is.
        from: TaskState,
        /// Where it was to go.
        to: TaskState,
    },
    /// The task changed since it was read.
    #[error("the task has been changed since you read it")]
    Version,
}

impl TaskPatch {
    /// The task as this patch leaves it. `version` is raised; `updated_at` is the caller's to set.
    pub fn apply(self, task: &Task) -> Result<Task, PatchError> {
        let Self { title, description, state, priority, depends_on, result, version } = self;
        if version.is_some_and(|version| version != task.version) {
            return Err(PatchError::Version);
        }
        let state = state.unwrap_or(task.state);
        if !task.state.can_become(state) {
            return Err(PatchError::Transition { from: task.state, to: state });
        }
        let fields = NewTask {
            title: title.unwrap_or_else(|| task.title.clone()),
            description: description.unwrap_or_else(|| task.description.clone()),
            priority: priority.unwrap_or(task.priority),
            depends_on: depends_on.unwrap_or_else(|| task.depends_on.clone()),
            parent_id: task.parent_id,
        }
        .validate()?;
        let result = result.map_or_else(|| Ok(task.result.clone()), TaskResult::validate)?;
        // Whoever held it notices at the next write; who puts it back gives it a fresh start.
        let lease = if state.is_leased() { task.lease.clone() } else { None };
        let attempts = if state == TaskState::Backlog { 0 } else { task.attempts };
        Ok(Task {
            lease,
            attempts,
            title: fields.title,
            description: fields.description,
            state,
            priority: fields.priority,
            depends_on: fields.depends_on,
            result,
            version: task.version + 1,
            ..task.clone()
        })
    }
}

impl TaskResult {
    /// The input in its stored form, or what is wrong with it: each part is bounded, and a pull request is a web address.
    pub fn validate(self) -> Result<Self, Invalid> {
        let Self { branch, commit, pull_request, notes } = self;
        let mut checker = Checker::default();
        let branch = branch.map(|branch| checker.check("result.branch", validate::branch(&branch)));
        let commit = commit.map(|commit| checker.check("result.commit", validate_commit(commit)));
        let pull_request = pull_request.map(|url| checker.check("result.pull_request", validate::web_address(&url)));
        let notes = notes.map(|notes| checker.check("result.notes", validate::description(&notes)));
        checker.finish(Self { branch, commit, pull_request, notes })
    }
}

fn validate_commit(commit: String) -> Result<String, String> {
    let is_hash = (7..=64).contains(&commit.len()) && commit.chars().all(|c| c.is_ascii_hexdigit());
    if is_hash { Ok(commit) } else { Err("Enter a commit's hash: 7 to 64 hexadecimal digits.".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> Task {
        let nil = uuid::Uuid::nil();
        Task {
            id: TaskId::from_uuid(nil),
            project_id: ProjectId::from_uuid(nil),
            title: "Mend the gate".into(),
            description: String::new(),
            state: TaskState::Backlog,
            priority: Priority::Normal,
            depends_on: vec![],
            parent_id: None,
            result: TaskResult::default(),
            lease: None,
            attempts: 0,
            report: None,
            version: 3,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn every_state_can_be_left_and_reached() {
        for state in TaskState::ALL {
            assert!(!state.next().is_empty(), "{state:?} is a trap");
            assert!(!state.next().contains(&state), "{state:?} lists itself");
            assert!(TaskState::ALL.into_iter().any(|from| from.next().contains(&state)), "{state:?} cannot be reached");
        }
    }

    #[test]
    fn a_patch_moves_only_along_the_state_machine() {
        let moved = TaskPatch { state: Some(TaskState::InProgress), ..TaskPatch::default() }.apply(&task());
        assert_eq!(moved.map(|task| (task.state, task.version)), Ok((TaskState::InProgress, 4)));
        let refused = TaskPatch { state: Some(TaskState::NeedsInput), ..TaskPatch::default() }.apply(&task());
        assert_eq!(refused, Err(PatchError::Transition { from: TaskState::Backlog, to: TaskState::NeedsInput }));
    }

    #[test]
    fn a_patch_of_an_older_version_is_refused() {
        let patch = TaskPatch { title: Some("x".into()), version: Some(2), ..TaskPatch::default() };
        assert_eq!(patch.apply(&task()), Err(PatchError::Version));
    }

    #[test]
    fn what_a_patch_leaves_out_stays() {
        let patched = TaskPatch { priority: Some(Priority::Urgent), ..TaskPatch::default() }.apply(&task());
        assert_eq!(patched, Ok(Task { priority: Priority::Urgent, version: 4, ..task() }));
    }
}
