//! Timelines: what happened to a task or an agent, who did it and when. Entries are only ever added.

use serde::{Deserialize, Serialize};

use crate::{
    AgentId, Answer, EventId, Phase, Prompt, QuestionId, QuestionStatus, Reason, TaskId, TaskResult, TaskState,
    Timestamp,
};

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
    /// An agent took the task.
    TaskClaimed {
        /// The number of the lease.
        epoch: i64,
    },
    /// An agent said how far it is.
    TaskReported {
        /// What it does, in a line.
        summary: String,
        /// How much is done, from 0 to 100.
        percent: Option<u32>,
        /// The address of something to look at.
        link: Option<String>,
        /// What people had done that the agent was told in the answer, by their events; nothing in reports from before that was kept, which
        /// told all that stands before them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<Vec<EventId>>,
    },
    /// Somebody wrote a note.
    TaskNoted {
        /// The note, in Markdown.
        markdown: String,
    },
    /// An agent handed in what came out of the task.
    TaskResultGiven {
        /// What came out.
        result: TaskResult,
    },
    /// The task is not held by its agent any more, though it is not finished.
    TaskReturned {
        /// Why.
        cause: ReturnCause,
        /// How often agents have lost the task.
        attempts: u32,
    },
    /// An agent asked a person something.
    QuestionAsked {
        /// The question.
        question_id: QuestionId,
        /// What is asked.
        prompts: Vec<Prompt>,
    },
    /// The question was answered, expired or was cancelled.
    QuestionClosed {
        /// The question.
        question_id: QuestionId,
        /// How it ended.
        status: QuestionStatus,
        /// The answers, if there are any.
        answers: Vec<Answer>,
    },
    /// The agent was launched.
    AgentLaunched,
    /// What the runtime had of the agent was given back to its owner.
    AgentAdopted,
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

/// Why a task went back from its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReturnCause {
    /// The agent gave it back.
    Released,
    /// The agent was not heard of for too long.
    Expired,
    /// The agent was stopped or deleted.
    AgentStopped,
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
