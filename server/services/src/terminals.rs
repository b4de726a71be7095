//! Use cases of terminals: opening raw bytes to an agent's ttyd, and learning when that must end.

use std::{sync::Arc, time::Duration};

use base64ct::{Base64, Encoding as _};
use domain::{Agent, AgentId, AuditAction, Desired, LiveEvent, Observed, Outcome, Phase, terminal::Mode};
use futures::StreamExt as _;
use runtime::{Duplex, RuntimeError, TERMINAL_PORT};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    Inner, agents,
    caller::Caller,
    clock::within,
    error::{Error, Object},
    live::{Signal, agent_of},
    policy::{self, Action, Owner},
};

mod kept;

pub use kept::{NoHistory, ReadHistory};

/// The name of the user that an agent's ttyd knows.
const TTYD_USER: &str = "agent";

/// How long opening the terminal of an agent that is starting waits for it. Below the deadline of an attempt to attach, so that the next
/// one can tell why it takes so long.
const START_WAIT: Duration = Duration::from_secs(4);

/// Use cases of terminals.
#[derive(Clone)]
pub struct Terminals(pub(crate) Arc<Inner>);

/// An open way to an agent's ttyd. The WebSocket handshake is the gateway's to do.
pub struct TerminalAccess {
    /// The agent as it is.
    pub agent: Agent,
    /// Raw bytes to ttyd.
    pub stream: Box<dyn Duplex>,
    /// What ttyd wants in the request's `Authorization: Basic` and in its first frame: base64 of `user:password`.
    pub ttyd_auth_token: SecretString,
}

/// What a terminal's gateway must know about its agent and its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// The agent as it is now.
    Agent(Box<Agent>),
    /// The agent was deleted.
    Gone,
    /// The session or token that opened the terminal was ended.
    SignedOut,
}

/// Follows an agent for as long as a terminal is open.
pub struct TerminalWatch {
    inner: Arc<Inner>,
    caller: Caller,
    agent: AgentId,
    signals: tokio::sync::broadcast::Receiver<Signal>,
    /// Whether the agent must be read: at first, and after signals were missed.
    stale: bool,
    last_word: Option<Watched>,
}

impl Terminals {
    /// Opens the terminal of the caller's agent. Of one that is starting, it is opened as soon as it is there.
    pub async fn open(&self, caller: &Caller, id: AgentId) -> Result<TerminalAccess, Error> {
        let (agent, is_up) = self.come_up(caller, id).await?;
        if !is_up && !has_terminal(&agent) {
            return Err(Error::TerminalUnavailable { message: why_no_terminal(&agent), source: None });
        }
        let (stream, ttyd_auth_token) = self.0.dial_terminal(id).await.map_err(terminal_unavailable)?;
        Ok(TerminalAccess { agent, stream, ttyd_auth_token })
    }

    /// The caller's agent once it is not starting any more, or after [`START_WAIT`]; also whether the runtime has just said that it is up,
    /// which is written down by and by.
    async fn come_up(&self, caller: &Caller, id: AgentId) -> Result<(Agent, bool), Error> {
        let owner = policy::authorize(caller, Action::OpenTerminal)?;
        // Before the agent is read, so that no change is missed.
        let (mut watch, mut observed) = (self.follow(owner, caller, id), self.0.runtime.events());
        let mut agent = self.0.agent(owner, id).await?;
        watch.stale = false;
        let coming_up = async {
            while is_coming_up(&agent) {
                let watched = tokio::select! {
                    watched = watch.next() => watched,
                    Some(seen) = observed.next() => {
                        if seen.agent_id == id && seen.state == Observed::Running {
                            return Ok(true);
                        }
                        continue;
                    }
                };
                match watched {
                    Watched::Agent(now) => agent = *now,
                    Watched::Gone => return Err(Error::NotFound(Object::Agent)),
                    // Whoever looks after the session says so.
                    Watched::SignedOut => break,
                }
            }
            Ok(false)
        };
        // What takes longer is told as it stands.
        let is_up = within(&*self.0.clock, START_WAIT, coming_up).await.unwrap_or(Ok(false))?;
        Ok((agent, is_up))
    }

    /// Notes in the audit log that the caller looks at the agent's terminal, and whether they may type. `attachment` is what
    /// [`Self::note_closed`] is told, too.
    pub async fn note_opened(&self, caller: &Caller, id: AgentId, mode: Mode, attachment: u32) {
        let action = match mode {
            Mode::Drive => AuditAction::AttachTerminal,
            Mode::Watch => AuditAction::WatchTerminal,
        };
        self.0.audit(caller, action, Some(attachment_of(id, attachment)), Outcome::Ok).await;
    }

    /// Notes in the audit log that they look no more.
    pub async fn note_closed(&self, caller: &Caller, id: AgentId, attachment: u32) {
        self.0.audit(caller, AuditAction::DetachTerminal, Some(attachment_of(id, attachment)), Outcome::Ok).await;
    }

    /// A name for a terminal session that nobody can guess.
    pub fn session_key(&self) -> String {
        let mut key = [0; 16];
        self.0.entropy.fill(&mut key);
        key.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A random number below `end`.
    pub fn random_below(&self, end: u32) -> u32 {
        let mut number = [0; 4];
        self.0.entropy.fill(&mut number);
        u32::from_le_bytes(number) % end.max(1)
    }

    /// Follows the caller's agent.
    pub async fn watch(&self, caller: &Caller, id: AgentId) -> Result<TerminalWatch, Error> {
        let owner = policy::authorize(caller, Action::OpenTerminal)?;
        let watch = self.follow(owner, caller, id);
        self.0.agent(owner, id).await?;
        Ok(watch)
    }

    fn follow(&self, owner: Owner, caller: &Caller, agent: AgentId) -> TerminalWatch {
        let signals = self.0.live.listen(owner.id(), None).signals;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        TerminalWatch { inner, caller, agent, signals, stale: true, last_word: None }
    }
}

impl TerminalWatch {
    /// The agent as it is, at first; then what changes. After [`Watched::Gone`] or [`Watched::SignedOut`] it is always
    /// the same. Safe to drop at any time and to call again.
    pub async fn next(&mut self) -> Watched {
        if let Some(last_word) = &self.last_word {
            return last_word.clone();
        }
        loop {
            if self.stale {
                // A database that does not answer now is asked again after the next signal.
                let agent = self.inner.store.agent(self.caller.user.id, self.agent).await;
                self.stale = false;
                match agent {
                    Ok(Some(agent)) => return Watched::Agent(Box::new(agent)),
                    Ok(None) => return self.end(Watched::Gone),
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "a watched agent could not be read");
                    }
                }
            }
            match self.signals.recv().await {
                Ok(Signal::Event(_, event)) if agent_of(&event) == Some(self.agent) => match &*event {
                    LiveEvent::Agent(agent) => return Watched::Agent(agent.clone()),
                    _ => return self.end(Watched::Gone),
                },
                Ok(Signal::Ended(ended)) if ended.concerns(&self.caller.via) => return self.end(Watched::SignedOut),
                Ok(Signal::Event(_, event)) if matches!(*event, LiveEvent::Resync) => self.stale = true,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.stale = true,
                Err(RecvError::Closed) => return self.end(Watched::SignedOut),
            }
        }
    }

    fn end(&mut self, last_word: Watched) -> Watched {
        self.last_word = Some(last_word.clone());
        last_word
    }
}

impl Inner {
    /// Raw bytes to the agent's ttyd, and what it wants to be told first.
    async fn dial_terminal(&self, id: AgentId) -> Result<(Box<dyn Duplex>, SecretString), RuntimeError> {
        let stream = self.call_runtime("opening the terminal", self.runtime.dial(id, TERMINAL_PORT)).await?;
        let password = agents::terminal_password(&self.settings.signing_key, id);
        let token = Base64::encode_string(format!("{TTYD_USER}:{}", password.expose_secret()).as_bytes());
        Ok((stream, token.into()))
    }
}

fn has_terminal(agent: &Agent) -> bool {
    agent.desired == Desired::Running && agent.phase.has_terminal()
}

fn is_coming_up(agent: &Agent) -> bool {
    agent.desired == Desired::Running && agent.phase.is_coming_up()
}

/// What the audit log calls one attachment: the agent, and a number that its beginning and its end share.
fn attachment_of(id: AgentId, attachment: u32) -> String {
    format!("{id} #{attachment:08x}")
}

fn why_no_terminal(agent: &Agent) -> String {
    let name = &agent.name;
    match (agent.desired, agent.phase) {
        (Desired::Deleted, _) => format!("{name} is being deleted."),
        (Desired::Stopped, _) => format!("{name} does not run. Start it to open its terminal."),
        (Desired::Running, Phase::Failed) if agent.message.is_empty() => {
            format!("{name} failed. Start it to try again.")
        }
        (Desired::Running, Phase::Failed) => format!("{name} failed: {}", agent.message),
        (Desired::Running, _) => format!("{name} is still starting. Try again in a moment."),
    }
}

fn terminal_unavailable(error: RuntimeError) -> Error {
    let message = match &error {
        RuntimeError::Refused { message, .. } => message.clone(),
        _ => "The agent's terminal does not answer at the moment. Try again shortly.".to_owned(),
    };
    Error::TerminalUnavailable { message, source: Some(Box::new(error)) }
}

#[cfg(test)]
mod tests;
