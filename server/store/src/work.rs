//! What goes into and comes out of the queue: claims, and what one call of an agent writes.

use domain::{
    Actor, Agent, AgentId, Answer, EventId, Priority, ProjectId, Question, QuestionId, QuestionStatus, Report, Task,
    TaskId, TaskState, Timestamp, UserId,
};

use crate::NewEvent;

/// Agents of one owner that want a task, first come, first served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRequest {
    /// The agents' owner, whose tasks they may take.
    pub owner: UserId,
    /// The project that the tasks must belong to, if any.
    pub project_id: Option<ProjectId>,
    /// The time.
    pub now: Timestamp,
    /// How long the leases shall last.
    pub until: Timestamp,
    /// The agents, each of them once.
    pub agents: Vec<Claimant>,
}

/// An agent that wants a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    /// The agent.
    pub agent_id: AgentId,
    /// Its name.
    pub agent_name: String,
    /// The agent as the timeline names it.
    pub actor: Actor,
    /// The id of the entry on the task's timeline.
    pub event_id: EventId,
    /// The id of the entry on the agent's timeline.
    pub phase_event_id: EventId,
}

/// How a claim ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The task is the agent's now.
    Taken {
        /// The task.
        task: Box<Task>,
        /// The agent, if it was not at work before.
        agent: Option<Box<Agent>>,
    },
    /// The task was the agent's already.
    Resumed(Box<Task>),
    /// There is no task in the backlog.
    BacklogEmpty,
    /// Every task in the backlog waits for another one.
    WaitingForOthers,
    /// As many agents as allowed are at work.
    WorkingLimit,
    /// The agent shall not run (any more).
    AgentDead,
}

/// Who must hold a task for a write to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The task.
    pub task_id: TaskId,
    /// The agent; nothing when it does not matter which.
    pub agent_id: Option<AgentId>,
    /// The number of the lease.
    pub epoch: i64,
    /// Whether the lease must be alive.
    pub time: FenceTime,
}

/// Whether a lease must be alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FenceTime {
    /// It must not have expired by then.
    AliveAt(Timestamp),
    /// It must have expired by then.
    ExpiredAt(Timestamp),
    /// It does not matter.
    Any,
}

/// How a lease is made longer or shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// The task.
    pub task_id: TaskId,
    /// When the lease shall end.
    pub until: Timestamp,
    /// Whether a lease that lasts longer is left alone.
    pub only_later: bool,
}

/// Which open questions are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichQuestions {
    /// All about the task, if there are any.
    OfTask(TaskId),
    /// This one, which must be open.
    One(QuestionId),
}

/// How open questions are closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseQuestions {
    /// Which ones.
    pub which: WhichQuestions,
    /// How they end.
    pub status: QuestionStatus,
    /// The answers.
    pub answers: Vec<Answer>,
    /// Who answered.
    pub answered_by: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The answer to a call, kept for when the call is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The agent that called.
    pub agent_id: AgentId,
    /// What tells a repeated call from a new one.
    pub key: String,
    /// What the call was, so that a key is not used for another one.
    pub fingerprint: String,
    /// The answer, in JSON.
    pub answer: String,
    /// When it was given.
    pub at: Timestamp,
}

/// What one call changes. Parts that are nothing change nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Whose objects are changed.
    pub owner: UserId,
    /// Who must hold a task.
    pub fence: Option<Fence>,
    /// Questions to close.
    pub close: Option<CloseQuestions>,
    /// A task to replace, and the version that it must have.
    pub task: Option<(Task, i64)>,
    /// A lease to make longer or shorter.
    pub renewal: Option<Renewal>,
    /// What was said last about a task.
    pub report: Option<(TaskId, Report)>,
    /// A task to add, with its lease if it has one.
    pub new_task: Option<Task>,
    /// A question to add.
    pub question: Option<Question>,
    /// Entries to add to timelines.
    pub events: Vec<NewEvent>,
    /// The answer to keep.
    pub answered: Option<Answered>,
}

impl Work {
    /// Nothing, yet.
    pub fn of(owner: UserId) -> Self {
        Self {
            owner,
            fence: None,
            close: None,
            task: None,
            renewal: None,
            report: None,
            new_task: None,
            question: None,
            events: Vec::new(),
            answered: None,
        }
    }
}

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// All of it is stored.
    Done,
    /// The lease is not the writer's (any more); nothing is stored.
    LeaseLost,
    /// The task was changed meanwhile; nothing is stored.
    VersionConflict,
    /// The question is not open (any more); nothing is stored.
    QuestionClosed,
}

/// Which tasks are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// In this state.
    pub state: Option<TaskState>,
    /// Parts of this task.
    pub parent_id: Option<TaskId>,
    /// After this one.
    pub after: Option<(Priority, TaskId)>,
    /// At most so many.
    pub limit: u32,
}
