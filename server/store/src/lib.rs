//! Storage: accounts, projects, tasks, agents and their timelines on `SQLite`, `PostgreSQL` and MySQL/MariaDB.
//!
//! Nothing here knows HTTP, runtimes or policy: a method takes an owner and sees only what is the owner's. Times and ids
//! come from the caller.

#[macro_use]
mod pool;

mod accounts;
mod address;
mod agents;
mod audit;
mod columns;
mod config;
mod credentials;
mod database_file;
mod error;
mod kept_terminals;
mod migrate;
mod mysql;
mod postgres;
mod projects;
mod questions;
mod queue;
mod records;
mod rows;
mod schema;
mod servers;
mod sessions;
mod sqlite;
mod tasks;
mod terms;
mod timeline;
mod tokens;
mod users;
mod work;

pub use config::{Backend, SchemaState, StoreConfig};
pub use error::StoreError;
pub use pool::Store;
pub use records::{
    AgentTokenRecord, BeginDeletion, CreateUser, DeleteProject, Erasure, InsertAgent, LaunchFacts, NewAgent, NewEvent,
    NewSession, NewUser, PhaseChange, RegistrationPolicy, SealedCredential, SessionRecord, SetRole, UserWithHash,
};
pub use servers::ServerRecord;
pub use terms::TakeTerm;
pub use work::{
    Answered, ClaimRequest, Claimant, Claimed, CloseQuestions, Fence, FenceTime, Renewal, TaskFilter, WhichQuestions,
    Work, Written,
};

/// What every method here returns.
pub type Result<T> = std::result::Result<T, StoreError>;
