//! Where agents run.
//!
//! [`AgentRuntime`] is the one seam between AiWorker and the world that runs agents. Nothing here knows users'
//! accounts, SQL or HTTP.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use domain::{AgentId, AgentLimits, AgentMode, Observation, ProjectId, UserId};
use futures::stream::BoxStream;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};

mod error;
#[cfg(feature = "fake")]
pub mod fake;
pub mod kubernetes;
pub mod process;

pub use error::RuntimeError;

/// The port of an agent's terminal. Runtimes that have no ports know it as a name.
pub const TERMINAL_PORT: u16 = 7681;
/// How long a runtime may take to answer any one call.
pub const CALL_DEADLINE: Duration = Duration::from_secs(20);

/// The folder of secrets within the agent's private folder for one run (`AIWORKER_RUN`): one file each, for the agent's
/// user only.
pub const SECRETS_FOLDER: &str = "secrets";
/// The file of the agent's token in the folder of secrets.
pub const TOKEN_FILE: &str = "token";

/// A two-way stream of raw bytes.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Everything a runtime needs to know to run an agent. User input in it has been validated; it never becomes part of a
/// path or a name.
#[derive(Debug, Clone)]
pub struct AgentSpec {
    /// The agent; every name and path is made from it.
    pub id: AgentId,
    /// Its owner.
    pub user_id: UserId,
    /// Its project.
    pub project_id: ProjectId,
    /// Its name, for people.
    pub name: String,
    /// Counts the changes of what is wanted. A start after a stop raises it.
    pub generation: i64,
    /// What git commits are signed with: name and address.
    pub git_identity: GitIdentity,
    /// What to clone into the workspace on first start.
    pub repository: Option<Repository>,
    /// What runs in its terminal; empty means a shell.
    pub start_command: String,
    /// What it may use.
    pub limits: AgentLimits,
    /// The password of the user `agent` for its ttyd.
    pub terminal_password: SecretString,
    /// Who decides what it does next.
    pub mode: AgentMode,
    /// The token with which it calls AiWorker. It finds it in the file `token` of its folder of secrets.
    pub token: Option<SecretString>,
    /// Further files of its folder of secrets: plain names (`a-z`, digits and dashes) and what is in them.
    pub credentials: Vec<(String, SecretString)>,
    /// Further environment variables.
    pub env: BTreeMap<String, String>,
}

/// Who an agent's commits are by.
#[derive(Debug, Clone)]
pub struct GitIdentity {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// What to clone.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Its address, validated.
    pub url: String,
    /// The branch to start from.
    pub branch: String,
}

/// Something in the runtime that is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The agent it belongs to.
    pub agent_id: AgentId,
    /// What there is of it, for people: a folder, a process, a pod.
    pub description: String,
    /// Whom it was made for, where that is written on it.
    pub made_for: Option<MadeFor>,
    /// What a look at the agent would say, where finding it has told that it is up.
    pub up: Option<Observation>,
}

/// Whom something in the runtime was made for, so that it can be given back when the database has lost its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeFor {
    /// Its owner.
    pub user_id: UserId,
    /// Its project.
    pub project_id: ProjectId,
    /// Its name.
    pub name: String,
}

impl MadeFor {
    /// What is written on what is made for this agent.
    pub fn of(spec: &AgentSpec) -> Self {
        Self { user_id: spec.user_id, project_id: spec.project_id, name: spec.name.clone() }
    }
}

/// Where agents run. Every call is idempotent and returns within [`CALL_DEADLINE`]; callers retry.
#[async_trait]
pub trait AgentRuntime: Send + Sync + 'static {
    /// Brings the agent up, or finds it up. Returns what is there now, usually before the terminal answers.
    async fn ensure(&self, spec: &AgentSpec) -> Result<Observation, RuntimeError>;
    /// Ends the agent's processes and keeps its workspace.
    async fn stop(&self, id: AgentId) -> Result<(), RuntimeError>;
    /// Ends the agent and leaves nothing of it.
    async fn remove(&self, id: AgentId) -> Result<(), RuntimeError>;
    /// Looks at the agent.
    async fn observe(&self, id: AgentId) -> Result<Observation, RuntimeError>;
    /// Finds all that is ours, with or without a row in the database.
    async fn inventory(&self) -> Result<Vec<Owned>, RuntimeError>;
    /// The last `tail` lines that the agent's start-up printed.
    async fn logs(&self, id: AgentId, tail: usize) -> Result<String, RuntimeError>;
    /// Opens raw bytes to a port of the agent.
    async fn dial(&self, id: AgentId, port: u16) -> Result<Box<dyn Duplex>, RuntimeError>;
    /// What is observed from now on, as it happens. Events may be missed; callers look again from time to time.
    fn events(&self) -> BoxStream<'static, Observation>;
}
