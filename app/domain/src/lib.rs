//! The words of AiWorker: ids, entities, state machines, validation, error codes and the terminal wire format.
//!
//! Everything here is pure and compiles for the browser too. No I/O, no clock, no randomness.

pub mod address;
pub mod agent;
pub mod agent_name;
pub mod audit;
pub mod error_code;
pub mod event;
pub mod ids;
pub mod live;
pub mod project;
pub mod session;
pub mod task;
pub mod terminal;
pub mod timestamp;
pub mod token;
pub mod ttyd;
pub mod user;
pub mod validate;

pub use agent::{
    Agent, AgentLimits, Desired, LaunchAgent, Observation, Observed, Phase, Reason, RuntimeKind, RuntimeStatus,
    SandboxKind,
};
pub use audit::{AuditAction, AuditEvent, Outcome};
pub use error_code::ErrorCode;
pub use event::{Actor, ActorKind, Event, EventKind, Subject};
pub use ids::{AgentId, AuditEventId, EventId, IdError, ProjectId, SessionId, TaskId, TokenId, UserId};
pub use live::LiveEvent;
pub use project::{NewProject, Project, ProjectPatch};
pub use session::Session;
pub use task::{NewTask, Priority, Task, TaskPatch, TaskResult, TaskState};
pub use timestamp::{Timestamp, TimestampError};
pub use token::{NewToken, Token, TokenCreated, TokenKind};
pub use user::{Role, User};
pub use validate::{FieldError, Invalid};
