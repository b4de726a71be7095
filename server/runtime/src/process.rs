//! Agents as process trees on this host: bubblewrap where there is one, tmux and ttyd inside.

use std::{path::PathBuf, time::Duration};

use async_trait::async_trait;
use domain::{AgentId, Observation, RuntimeStatus};
use futures::stream::BoxStream;

use crate::{AgentRuntime, AgentSpec, Duplex, Owned, RuntimeError};

mod programs;

pub use programs::{Check, Outcome, Programs, preflight};

/// How long an agent's terminal may take to answer after its start, unless configured otherwise.
pub const DEFAULT_START_TIMEOUT: Duration = Duration::from_secs(30);

/// What the process runtime needs to know.
#[derive(Debug, Clone)]
pub struct ProcessConfig {
    /// The folder that holds everything of this installation. Agents live in `agents/` inside it.
    pub data_dir: PathBuf,
    /// The programs that agents are made of.
    pub programs: Programs,
    /// How long an agent's terminal may take to answer after its start.
    pub start_timeout: Duration,
    /// Further folders of this host that agents may read, at the same path.
    pub read_only: Vec<PathBuf>,
}

impl ProcessConfig {
    /// The defaults, with the programs found on this host.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            programs: Programs::find(),
            start_timeout: DEFAULT_START_TIMEOUT,
            read_only: Vec::new(),
        }
    }
}

/// Runs agents as process trees on this host. They outlive it: the next one finds and adopts them.
#[derive(Debug)]
pub struct ProcessRuntime {
    config: ProcessConfig,
}

impl ProcessRuntime {
    /// Prepares the data folder. Missing programs are no error here: each start that needs them says so.
    pub async fn new(config: ProcessConfig) -> Result<Self, RuntimeError> {
        Ok(Self { config })
    }

    /// What keeps agents apart here, and which limits hold.
    pub fn status(&self) -> RuntimeStatus {
        RuntimeStatus {
            kind: domain::RuntimeKind::Process,
            sandbox: if self.config.programs.bwrap.is_some() {
                domain::SandboxKind::Bubblewrap
            } else {
                domain::SandboxKind::None
            },
            limits_memory: false,
            limits_processes: false,
        }
    }
}

#[async_trait]
impl AgentRuntime for ProcessRuntime {
    async fn ensure(&self, _spec: &AgentSpec) -> Result<Observation, RuntimeError> {
        Err(RuntimeError::NotFound)
    }

    async fn stop(&self, _id: AgentId) -> Result<(), RuntimeError> {
        Err(RuntimeError::NotFound)
    }

    async fn remove(&self, _id: AgentId) -> Result<(), RuntimeError> {
        Err(RuntimeError::NotFound)
    }

    async fn observe(&self, _id: AgentId) -> Result<Observation, RuntimeError> {
        Err(RuntimeError::NotFound)
    }

    async fn inventory(&self) -> Result<Vec<Owned>, RuntimeError> {
        Err(RuntimeError::NotFound)
    }

    async fn logs(&self, _id: AgentId, _tail: usize) -> Result<String, RuntimeError> {
        Err(RuntimeError::NotFound)
    }

    async fn dial(&self, _id: AgentId, _port: u16) -> Result<Box<dyn Duplex>, RuntimeError> {
        Err(RuntimeError::NotFound)
    }

    fn events(&self) -> BoxStream<'static, Observation> {
        Box::pin(futures::stream::pending())
    }
}
