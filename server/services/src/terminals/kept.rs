//! What stays of terminals: read when an agent is stopped or deleted, and now and then before that, because an agent that ends
//! by itself takes its terminal along.

use std::time::Duration;

use domain::{
    Agent, AgentId, Observed, Timestamp,
    terminal::{KeptTerminal, KeptText, tail},
};
use futures::future::BoxFuture;
use runtime::Duplex;
use secrecy::SecretString;
use store::StoreError;

use super::{Terminals, has_terminal, terminal_unavailable, why_no_terminal};
use crate::{
    Inner,
    caller::Caller,
    clock::{elapsed, within},
    error::{Error, Object},
    policy::{self, Action},
};

/// How long reading a terminal may put off the end of its agent.
const DEADLINE: Duration = Duration::from_secs(3);
/// Most bytes that are kept of one terminal: 5,000 lines of a hundred.
const BYTES_MAX: usize = 512 * 1024;
/// Most terminals of gone agents that are listed: the newest ones.
const LISTED: u32 = 50;

/// Reads the history of a terminal over raw bytes to its ttyd. How one talks to ttyd is the gateway's knowledge.
pub trait ReadHistory: Send + Sync + 'static {
    /// History and screen as plain text; nothing when the terminal does not give them.
    fn read(&self, stream: Box<dyn Duplex>, ttyd_auth_token: SecretString) -> BoxFuture<'static, Option<String>>;
}

/// Reads nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoHistory;

impl ReadHistory for NoHistory {
    fn read(&self, _: Box<dyn Duplex>, _: SecretString) -> BoxFuture<'static, Option<String>> {
        Box::pin(std::future::ready(None))
    }
}

impl Terminals {
    /// The name of the caller's agent, and history and screen of its terminal as plain text: as they are, or what was kept of them
    /// if the agent does not run or is gone.
    pub async fn history(&self, caller: &Caller, id: AgentId) -> Result<(String, String), Error> {
        let owner = policy::authorize(caller, Action::OpenTerminal)?;
        let agent = self.0.store.agent(owner.id(), id).await?;
        if let Some(agent) = agent.as_ref().filter(|agent| has_terminal(agent)) {
            let (stream, token) = self.0.dial_terminal(id).await.map_err(terminal_unavailable)?;
            let message = "The agent's terminal did not give its history. Try again shortly.".to_owned();
            let text = self.0.history.read(stream, token).await;
            return match text {
                Some(text) => Ok((agent.name.clone(), text)),
                None => Err(Error::TerminalUnavailable { message, source: None }),
            };
        }
        match (self.0.store.kept_terminal(owner.id(), id).await?, agent) {
            (Some(kept), _) => Ok((kept.of.agent_name, kept.text)),
            (None, Some(agent)) => Err(Error::TerminalUnavailable { message: why_no_terminal(&agent), source: None }),
            (None, None) => Err(Error::NotFound(Object::Agent)),
        }
    }

    /// What was kept of the terminal of the caller's agent, whether there still is such an agent or not.
    pub async fn kept(&self, caller: &Caller, id: AgentId) -> Result<Option<KeptText>, Error> {
        let owner = policy::authorize(caller, Action::OpenTerminal)?;
        match self.0.store.kept_terminal(owner.id(), id).await? {
            Some(kept) => Ok(Some(kept)),
            None => self.0.agent(owner, id).await.map(|_| None),
        }
    }

    /// The terminals that were kept of the caller's agents that are gone, newest first.
    pub async fn kept_of_gone_agents(&self, caller: &Caller) -> Result<Vec<KeptTerminal>, Error> {
        let owner = policy::authorize(caller, Action::OpenTerminal)?;
        Ok(self.0.store.terminals_of_gone_agents(owner.id(), LISTED).await?)
    }
}

impl Inner {
    /// Keeps what is on the terminal of an agent that is about to end. It ends all the same if that fails.
    pub(crate) async fn keep_last_terminal(&self, agent: &Agent, seen: Observed) {
        if seen == Observed::Running {
            self.keep_terminal(agent).await;
        }
    }

    /// Keeps what is on the terminal of a running agent, if that is not known well enough.
    pub(crate) async fn keep_terminal_now_and_then(&self, agent: &Agent) {
        match self.store.terminal_kept_at(agent.id).await {
            Ok(kept) if self.is_terminal_due(agent, kept) => self.keep_terminal(agent).await,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "nothing is known of kept terminals");
            }
        }
    }

    /// Whether the terminal of a running agent shall be read, which was read last at `kept`, if ever.
    pub(crate) fn is_terminal_due(&self, agent: &Agent, kept: Option<Timestamp>) -> bool {
        let every = self.settings.terminals_read_every;
        let is_wanted = !every.is_zero() && !self.settings.terminals_kept_for.is_zero();
        is_wanted && elapsed(kept.unwrap_or(agent.phase_since), self.clock.now()) >= every
    }

    /// Forgets what has been kept for long enough.
    pub(crate) async fn forget_terminals(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let before = now.checked_sub(self.settings.terminals_kept_for).unwrap_or(Timestamp::MIN);
        self.store.forget_terminals(before).await
    }

    async fn keep_terminal(&self, agent: &Agent) {
        if self.settings.terminals_kept_for.is_zero() {
            return;
        }
        let id = agent.id;
        let reading = async {
            let (stream, token) = self.dial_terminal(id).await.ok()?;
            self.history.read(stream, token).await
        };
        let Some(text) = within(&*self.clock, DEADLINE, reading).await.flatten() else {
            tracing::info!(agent.id = %id, "the terminal could not be read to be kept");
            return;
        };
        let of = KeptTerminal { agent_id: id, agent_name: agent.name.clone(), captured_at: self.clock.now() };
        let kept = KeptText { of, text: tail(&text, BYTES_MAX).to_owned() };
        if let Err(error) = self.store.keep_terminal(agent.user_id, &kept).await {
            tracing::warn!(agent.id = %id, error = &error as &dyn std::error::Error, "the terminal could not be kept");
        }
    }
}
