//! The words of AiWorker: ids, entities, state machines, validation, error codes and the terminal wire format.
//!
//! Everything here is pure and compiles for the browser too. No I/O, no clock, no randomness.

pub mod address;
pub mod agent;
pub mod agent_name;
pub mod audit;
pub mod credential;
pub mod error_code;
pub mod event;
pub mod ids;
pub mod lease;
pub mod live;
pub mod orphan;
pub mod project;
pub mod question;
pub mod runtime;
pub mod session;
pub mod task;
pub mod terminal;
pub mod timestamp;
pub mod token;
pub mod tools;
pub mod ttyd;
pub mod user;
pub mod validate;

pub use agent::{
    Agent, AgentLimits, AgentMode, Desired, Explanation, FirstAgents, LaunchAgent, Observation, Observed, Phase,
    Reason, Step, WantedLimits,
};
pub use audit::{AuditAction, AuditEvent, Outcome};
pub use credential::{Credential, CredentialKind, NewCredential};
pub use error_code::ErrorCode;
pub use event::{Actor, ActorKind, Event, EventKind, ReturnCause, Subject};
pub use ids::{
    AgentId, AuditEventId, CredentialId, EventId, IdError, ProjectId, QuestionId, SessionId, TaskId, TokenId, UserId,
};
pub use lease::{Lease, Report};
pub use live::LiveEvent;
pub use orphan::{Orphan, OrphanKind};
pub use project::{NewProject, Project, ProjectPatch};
pub use question::{Answer, Choice, NewAnswers, Prompt, Question, QuestionStatus};
pub use runtime::{RuntimeEvent, RuntimeKind, RuntimeStatus, RuntimeTrouble, SandboxKind};
pub use session::Session;
pub use task::{NewNote, NewTask, Priority, Task, TaskPatch, TaskResult, TaskState};
pub use timestamp::{Timestamp, TimestampError};
pub use token::{NewToken, Token, TokenCreated, TokenKind};
pub use user::{Account, Role, User};
pub use validate::{FieldError, Invalid};
