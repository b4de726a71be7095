//! What AiWorker does: accounts, projects, tasks, agents, terminals and live events, for every front door alike.
//!
//! The first line of every use case asks [`policy`] whose objects the caller may touch. Nothing here knows HTTP, SQL or
//! a cluster; time and randomness come from the [`Clock`] and the [`Entropy`] that are handed in.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use domain::{AgentLimits, RuntimeStatus, RuntimeTrouble, Timestamp};
use runtime::AgentRuntime;
use store::Store;
use tracing::Instrument as _;

mod accounts;
mod agents;
mod audit;
mod bells;
mod caller;
mod clock;
mod cookie;
mod credentials;
mod entropy;
mod error;
mod installation;
mod leases;
mod live;
mod neighbours;
mod policy;
mod projects;
mod questions;
mod runtime_watch;
mod secret;
mod settings;
mod tasks;
mod terminals;
mod tokens;
mod tools;
mod turns;
mod vault;
mod worker;

pub use accounts::{Accounts, Credentials, SignedIn};
pub use agents::{Agents, Reconciler};
pub use caller::{Caller, ClientInfo, Via};
pub use clock::{Clock, ManualClock, SystemClock};
pub use cookie::SessionCookie;
pub use credentials::UserCredentials;
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use error::{Error, Object};
pub use installation::Installation;
pub use live::{Events, Live};
pub use neighbours::Neighbours;
pub use projects::Projects;
pub use questions::Questions;
pub use runtime_watch::RuntimeWatch;
pub use settings::{Registration, Settings};
pub use tasks::Tasks;
pub use terminals::{NoHistory, ReadHistory, TerminalAccess, TerminalWatch, Terminals, Watched};
pub use tokens::Tokens;
pub use tools::Tools;
pub use vault::VaultError;
pub use worker::Worker;

/// Everything that services are made of.
pub struct Parts {
    /// The open, migrated database.
    pub store: Store,
    /// Where agents run.
    pub runtime: Arc<dyn AgentRuntime>,
    /// What that runtime can do.
    pub runtime_status: RuntimeStatus,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Reads terminals that are to be kept.
    pub history: Arc<dyn ReadHistory>,
    /// What the operator chose.
    pub settings: Settings,
}

/// All use cases. Clones share everything.
#[derive(Clone)]
pub struct Services(Arc<Inner>);

pub(crate) struct Inner {
    store: Store,
    runtime: Arc<dyn AgentRuntime>,
    runtime_status: RuntimeStatus,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    history: Arc<dyn ReadHistory>,
    settings: Settings,
    ids: entropy::Ids,
    live: live::Hub,
    /// What is to be told to other servers.
    outbox: Arc<neighbours::Outbox>,
    /// How many other servers are known to be alive.
    neighbours: AtomicUsize,
    /// How many calls of agents wait for work or for an answer.
    waiting_calls: AtomicUsize,
    wake_ups: agents::WakeUps,
    orphans: agents::Orphans,
    trouble: runtime_watch::Trouble,
    in_office: AtomicBool,
    bells: bells::Bells,
    vault: Result<vault::Vault, VaultError>,
    passwords: accounts::Passwords,
    attempts: accounts::Attempts,
    sweep: accounts::Sweep,
}

impl Services {
    /// Puts the parts together. Starts nothing: run the [`reconciler`](Self::reconciler) for that.
    pub fn new(parts: Parts) -> Self {
        let Parts { store, runtime, runtime_status, clock, entropy, history, settings } = parts;
        let outbox = Arc::<neighbours::Outbox>::default();
        Self(Arc::new(Inner {
            ids: entropy::Ids::new(Arc::clone(&clock), Arc::clone(&entropy)),
            live: live::Hub::new(Arc::clone(&entropy), Arc::clone(&outbox)),
            outbox,
            neighbours: AtomicUsize::new(0),
            waiting_calls: AtomicUsize::new(0),
            wake_ups: agents::WakeUps::default(),
            orphans: agents::Orphans::default(),
            trouble: runtime_watch::Trouble::default(),
            in_office: AtomicBool::new(false),
            bells: bells::Bells::default(),
            vault: vault::Vault::new(&settings.credential_keys),
            passwords: accounts::Passwords::new(Arc::clone(&clock), Arc::clone(&entropy)),
            attempts: accounts::Attempts::default(),
            sweep: accounts::Sweep::default(),
            store,
            runtime,
            runtime_status,
            clock,
            entropy,
            history,
            settings,
        }))
    }

    /// Accounts, sessions and the audit log.
    pub fn accounts(&self) -> Accounts {
        Accounts(Arc::clone(&self.0))
    }

    /// Personal tokens.
    pub fn tokens(&self) -> Tokens {
        Tokens(Arc::clone(&self.0))
    }

    /// Projects.
    pub fn projects(&self) -> Projects {
        Projects(Arc::clone(&self.0))
    }

    /// Tasks.
    pub fn tasks(&self) -> Tasks {
        Tasks(Arc::clone(&self.0))
    }

    /// Credentials that users give to their agents.
    pub fn credentials(&self) -> UserCredentials {
        UserCredentials(Arc::clone(&self.0))
    }

    /// Questions of agents.
    pub fn questions(&self) -> Questions {
        Questions(Arc::clone(&self.0))
    }

    /// The tools that agents call.
    pub fn tools(&self) -> Tools {
        Tools(Arc::clone(&self.0))
    }

    /// Agents.
    pub fn agents(&self) -> Agents {
        Agents(Arc::clone(&self.0))
    }

    /// What those who run this installation do.
    pub fn installation(&self) -> Installation {
        Installation(Arc::clone(&self.0))
    }

    /// Terminals of agents.
    pub fn terminals(&self) -> Terminals {
        Terminals(Arc::clone(&self.0))
    }

    /// Live events.
    pub fn live(&self) -> Live {
        Live(Arc::clone(&self.0))
    }

    /// What tells whether the runtime can be worked with. A server runs one.
    pub fn runtime_watch(&self) -> RuntimeWatch {
        RuntimeWatch(Arc::clone(&self.0))
    }

    /// Why the runtime cannot be worked with at the moment; nothing when it can.
    pub fn runtime_trouble(&self) -> Option<RuntimeTrouble> {
        self.0.trouble.now()
    }

    /// Whether this server is the one that reconciles.
    pub fn is_in_office(&self) -> bool {
        self.0.in_office.load(Ordering::Relaxed)
    }

    /// What tells the other servers on the database and hears of them. A server runs one.
    pub fn neighbours(&self) -> Neighbours {
        Neighbours(Arc::clone(&self.0))
    }

    /// How many other servers on the database are known to be alive.
    pub fn neighbour_count(&self) -> usize {
        self.0.neighbours.load(Ordering::Relaxed)
    }

    /// How many calls of agents wait here, for work or for an answer.
    pub fn waiting_calls(&self) -> usize {
        self.0.waiting_calls.load(Ordering::Relaxed)
    }

    /// What makes agents be what they shall be. A server runs one.
    pub fn reconciler(&self) -> Reconciler {
        Reconciler::new(Arc::clone(&self.0))
    }

    /// What this installation's runtime can do.
    pub fn runtime_status(&self) -> RuntimeStatus {
        self.0.runtime_status.clone()
    }

    /// What agents may use whose launch does not say otherwise.
    pub fn agent_limits(&self) -> AgentLimits {
        self.0.settings.agent_limits
    }

    /// How the session cookie is written and read.
    pub fn cookie(&self) -> SessionCookie {
        self.0.settings.cookie
    }

    /// What the operator chose.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The time, by the clock that everything here goes by.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.0.store.ping().await?)
    }
}

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Services").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

/// Does `work` to its end even when the caller goes away meanwhile: what was written is also told to open pages, to the
/// reconciler and to the audit log. The work moves into its task at once and is no part of the caller's own future, of
/// which many may wait for long.
pub(crate) fn to_the_end<T, F>(work: F) -> impl Future<Output = Result<T, Error>> + Send
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let task = tokio::spawn(work.in_current_span());
    async move { task.await.map_err(Error::internal)? }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
