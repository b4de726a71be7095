//! What `/api/events` tells open pages, so that they change without being read again.

use serde::{Deserialize, Serialize};

use crate::{Agent, AgentId, ProjectId, Question, RuntimeTrouble, Task, TaskId};

/// A change that an open page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveEvent {
    /// An agent is new or has changed.
    Agent(Box<Agent>),
    /// An agent is gone.
    AgentRemoved {
        /// The agent.
        id: AgentId,
    },
    /// A task is new or has changed.
    Task(Box<Task>),
    /// A task is gone.
    TaskRemoved {
        /// The task.
        id: TaskId,
        /// The project it belonged to.
        project_id: ProjectId,
    },
    /// A question is new, or is not open any more.
    Question(Box<Question>),
    /// The runtime does not answer, or answers again.
    Runtime {
        /// What is wrong; nothing when all is well.
        trouble: Option<RuntimeTrouble>,
    },
    /// Events were missed: read what is shown again.
    Resync,
}

impl LiveEvent {
    /// The `event:` line of the stream.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Agent(_) => "agent",
            Self::AgentRemoved { .. } => "agent_removed",
            Self::Task(_) => "task",
            Self::TaskRemoved { .. } => "task_removed",
            Self::Question(_) => "question",
            Self::Runtime { .. } => "runtime",
            Self::Resync => "resync",
        }
    }

    /// Every name, for clients that must subscribe to each.
    pub const NAMES: [&'static str; 7] =
        ["agent", "agent_removed", "task", "task_removed", "question", "runtime", "resync"];
}
