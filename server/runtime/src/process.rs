//! Agents as process trees on this host: bubblewrap where there is one, tmux and ttyd inside.
//!
//! An agent outlives the server. Who is alive is never a matter of memory: a locked file, which is the standard input of
//! the agent's first process, says so to every server that comes later.

use std::{future::Future, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{AgentId, Observation, RuntimeKind, RuntimeStatus, SandboxKind};
use futures::{StreamExt, stream::BoxStream};
use tokio::time::timeout;
use tokio_stream::wrappers::BroadcastStream;

use crate::{AgentRuntime, AgentSpec, CALL_DEADLINE, Duplex, MadeFor, Owned, RuntimeError, TERMINAL_PORT};

mod cgroup;
mod handle;
mod host;
mod launch;
mod layout;
mod lifecycle;
mod log;
mod observe;
mod preflight;
mod proc;
mod programs;
mod ready;
mod remove;
mod sandbox;
mod socket;
mod state;
mod watch;
mod watcher;

pub use lifecycle::STOP_GRACE;
pub use preflight::{Check, Outcome, preflight};
pub use programs::Programs;

use host::{Host, held};
use layout::Layout;

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
    host: Arc<Host>,
}

impl ProcessRuntime {
    /// Prepares the data folder and adopts what an earlier server left running. Missing programs are no error here:
    /// each start that needs them says so.
    pub async fn new(config: ProcessConfig) -> Result<Self, RuntimeError> {
        let data = config.data_dir.clone();
        let host = blocking("preparing the data folder", move || {
            let layout = Layout::prepare(&data)?;
            for folder in layout.half_removed()? {
                remove::tree(&folder)?;
            }
            Ok(Host::new(usable(config), layout))
        });
        let host = Arc::new(host.await?);
        for id in host.layout.ids().map_err(RuntimeError::io("reading the agents' folders"))? {
            // One agent that cannot be looked at must not keep all others from being served.
            if let Err(error) = host.look(id).await {
                tracing::warn!(agent = %id, %error, "an agent could not be looked at");
            }
        }
        Ok(Self { host })
    }

    /// What keeps agents apart here, and which limits hold.
    pub fn status(&self) -> RuntimeStatus {
        let sandboxed = self.host.config.programs.bwrap.is_some();
        RuntimeStatus {
            kind: RuntimeKind::Process,
            sandbox: if sandboxed { SandboxKind::Bubblewrap } else { SandboxKind::None },
            limits_memory: self.host.cgroups.memory(),
            limits_processes: self.host.cgroups.processes(),
        }
    }
}

impl Drop for ProcessRuntime {
    fn drop(&mut self) {
        // The watchers hold the host, and the host holds the watchers.
        held(&self.host.watchers).abort_all();
    }
}

#[async_trait]
impl AgentRuntime for ProcessRuntime {
    async fn ensure(&self, spec: &AgentSpec) -> Result<Observation, RuntimeError> {
        whole("starting the agent", self.host.clone().ensure(spec.clone())).await
    }

    async fn stop(&self, id: AgentId) -> Result<(), RuntimeError> {
        whole("stopping the agent", self.host.clone().stop(id)).await
    }

    async fn remove(&self, id: AgentId) -> Result<(), RuntimeError> {
        whole("removing the agent", self.host.clone().remove(id)).await
    }

    async fn observe(&self, id: AgentId) -> Result<Observation, RuntimeError> {
        let host = self.host.clone();
        whole("looking at the agent", async move { host.look(id).await }).await
    }

    async fn inventory(&self) -> Result<Vec<Owned>, RuntimeError> {
        let host = self.host.clone();
        let found = blocking("looking for agents", move || host.owned()).await?;
        let owned = |(agent_id, what, made_for): (AgentId, &str, Option<MadeFor>)| Owned {
            agent_id,
            description: what.to_owned(),
            made_for,
            // A look costs nothing here.
            up: None,
        };
        Ok(found.into_iter().map(owned).collect())
    }

    async fn logs(&self, id: AgentId, tail: usize) -> Result<String, RuntimeError> {
        let path = self.host.layout.agent(id).log;
        blocking("reading the agent's log", move || log::tail(&path, tail)).await
    }

    async fn dial(&self, id: AgentId, port: u16) -> Result<Box<dyn Duplex>, RuntimeError> {
        if port != TERMINAL_PORT {
            return Err(RuntimeError::NotFound);
        }
        match socket::connect(&self.host.layout.agent(id).run).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => Err(RuntimeError::Timeout("the terminal")),
            Err(error) => {
                tracing::debug!(agent = %id, %error, "the terminal does not listen");
                Err(RuntimeError::NotFound)
            }
        }
    }

    fn events(&self) -> BoxStream<'static, Observation> {
        let events = BroadcastStream::new(self.host.events.subscribe());
        // A listener that falls behind loses events, as the trait says.
        Box::pin(events.filter_map(|event| async move { event.ok() }))
    }
}

/// Bubblewrap that is installed and cannot make a sandbox here counts as missing.
fn usable(mut config: ProcessConfig) -> ProcessConfig {
    if let Some(bwrap) = &config.programs.bwrap
        && let Err(why) = preflight::try_sandbox(bwrap)
    {
        tracing::warn!(why, "agents run without a sandbox, because bubblewrap cannot make one on this host");
        config.programs.bwrap = None;
    }
    config
}

/// Runs to the end even when the caller goes away, so that nothing is left half done; the caller waits no longer than
/// it was promised.
async fn whole<T: Send + 'static>(
    what: &'static str,
    work: impl Future<Output = Result<T, RuntimeError>> + Send + 'static,
) -> Result<T, RuntimeError> {
    let task = tokio::spawn(work);
    match timeout(CALL_DEADLINE, task).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            Err(RuntimeError::Unavailable { what: what.to_owned(), source: std::io::Error::other(error) })
        }
        Err(_) => Err(RuntimeError::Timeout(what)),
    }
}

/// Runs file work off the asynchronous threads, and says what was tried when it fails.
async fn blocking<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, RuntimeError> {
    lifecycle::in_background(work).await.map_err(RuntimeError::io(what))
}
