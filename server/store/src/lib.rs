//! Storage: accounts, projects, tasks, agents and their timelines on `SQLite`, `PostgreSQL` and MySQL/MariaDB.
//!
//! Nothing here knows HTTP, runtimes or policy: a method takes an owner and sees only what is the owner's. Times and ids
//! come from the caller.

mod agents;
mod audit;
mod error;
mod pool;
mod projects;
mod records;
mod sessions;
mod tasks;
mod timeline;
mod tokens;
mod users;

pub use error::StoreError;
pub use pool::{Backend, SchemaState, Store, StoreConfig};
pub use records::{
    CreateUser, DeleteProject, InsertAgent, LaunchFacts, NewAgent, NewEvent, NewSession, NewUser, PhaseChange,
    RegistrationPolicy, SessionRecord, UserWithHash,
};

/// What every method here returns.
pub type Result<T> = std::result::Result<T, StoreError>;
