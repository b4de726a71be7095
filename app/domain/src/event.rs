//! Timelines: what happened to a task or an agent, who did it and when. Entries are only ever added.

use serde::{Deserialize, Serialize};

use crate::{AgentId, EventId, Phase, Reason, TaskId, TaskState, Timestamp};

/// What a timeline is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "subject", content = "subject_id", rename_all = "snake_case")]
pub enum Subject {
    /// A task.
    Task(TaskId),
    /// An agent.
    Agent(AgentId),
}

/// Who does things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person.
    User,
    /// An agent.
    Agent,
    /// This server by itself.
    System,
}

/// Who did it, with the name they had then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Actor {
    /// What they are.
    pub kind: ActorKind,
    /// Their id; the system has none.
    pub id: Option<String>,
    /// Their name at that time.
    pub name: String,
}

impl Actor {
    /// This server by itself.
    pub fn system() -> Self {
        Self { kind: ActorKind::System, id: None, name: "AiWorker".into() }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// The task was made.
    TaskCreated,
    /// Parts of the task were changed.
    TaskEdited {
        /// The names of the fields.
        fields: Vec<String>,
    },
    /// The task went from one state to another.
    TaskMoved {
        /// Where it was.
        from: TaskState,
        /// Where it went.
        to: TaskState,
    },
    /// The agent was launched.
    AgentLaunched,
    /// Somebody asked for the agent to stop.
    AgentStopRequested,
    /// Somebody asked for the agent to start.
    AgentStartRequested,
    /// Somebody asked for the agent to be deleted.
    AgentDeleteRequested,
    /// The agent was seen in another phase.
    AgentPhaseChanged {
        /// Where it was.
        from: Phase,
        /// Where it went.
        to: Phase,
        /// Why, as a code.
        reason: Option<Reason>,
        /// Why, as a sentence; may be empty.
        message: String,
    },
}

/// An entry of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// The entry's id; entries sort by it.
    pub id: EventId,
    /// When it happened.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}
