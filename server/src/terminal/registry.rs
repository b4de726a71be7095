//! Which sessions there are, so that a viewer finds its own again, and who looks at which agent. No session's work is done
//! here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    AgentId, UserId,
    terminal::{End, Hello, Mode},
};
use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};

use super::{
    admission::{Admission, Full, Permit},
    bridge::BrowserLeg,
    limits::Limits,
};
use crate::metrics::OpenGuard;

/// A viewer that has said hello.
pub struct Visitor {
    /// Its socket.
    pub leg: BrowserLeg,
    /// What it said.
    pub hello: Hello,
    /// Resolves when its right to look ends.
    pub ended: BoxFuture<'static, End>,
    /// Counts it as long as it is connected.
    pub presence: Presence,
}

/// Counts a connected viewer until it is dropped.
#[derive(Debug)]
pub struct Presence {
    _permit: Permit,
    _open: OpenGuard,
    _viewer: ViewerGuard,
}

/// Whose session it is. Nobody else finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// Who looks.
    pub user: UserId,
    /// At whose terminal.
    pub agent: AgentId,
    /// With which rights.
    pub mode: Mode,
}

/// Connected viewers of one agent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Viewers {
    /// Those who may type.
    pub drivers: u32,
    /// Those who only look.
    pub watchers: u32,
}

/// All sessions of this server.
#[derive(Clone)]
pub struct Registry {
    limits: Limits,
    connected: Admission,
    away: Admission,
    state: Shared,
}

type Shared = Arc<Mutex<State>>;

#[derive(Default)]
struct State {
    sessions: HashMap<String, (Owner, mpsc::Sender<Visitor>)>,
    viewers: HashMap<AgentId, watch::Sender<Viewers>>,
}

/// A session's entry. It is removed when this is dropped.
pub struct Entry {
    key: String,
    state: Shared,
    /// Viewers that come back.
    pub arrivals: mpsc::Receiver<Visitor>,
    /// How many look at the agent.
    pub viewers: watch::Receiver<Viewers>,
}

#[derive(Debug)]
struct ViewerGuard {
    agent: AgentId,
    mode: Mode,
    state: Shared,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("sessions", &self.sessions.len()).finish_non_exhaustive()
    }
}

fn lock(state: &Shared) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registry {
    /// There are no sessions yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, connected: Admission::new(limits), away: Admission::new(limits), state: Shared::default() }
    }

    /// What bounds all of them.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Takes a place for a connection.
    pub fn admit(&self, user: UserId) -> Result<Permit, Full> {
        self.connected.admit(user)
    }

    /// Takes a place for a session whose viewer is away. Without one, it is not kept.
    pub fn keep(&self, user: UserId) -> Option<Permit> {
        self.away.admit(user).ok()
    }

    /// Counts a viewer from now on.
    pub fn enter(&self, owner: Owner, permit: Permit, open: OpenGuard) -> Presence {
        let viewer = ViewerGuard { agent: owner.agent, mode: owner.mode, state: Arc::clone(&self.state) };
        lock(&self.state)
            .viewers
            .entry(owner.agent)
            .or_default()
            .send_modify(|viewers| *viewers.count(owner.mode) += 1);
        Presence { _permit: permit, _open: open, _viewer: viewer }
    }

    /// Where to send a viewer that wants its session back.
    pub fn find(&self, key: &str, owner: Owner) -> Option<mpsc::Sender<Visitor>> {
        let state = lock(&self.state);
        state.sessions.get(key).filter(|(theirs, _)| *theirs == owner).map(|(_, sender)| sender.clone())
    }

    /// Makes a session known under a key that nobody can guess.
    pub fn register(&self, key: String, owner: Owner) -> Entry {
        let (sender, arrivals) = mpsc::channel(1);
        let mut state = lock(&self.state);
        state.sessions.insert(key.clone(), (owner, sender));
        let viewers = state.viewers.entry(owner.agent).or_default().subscribe();
        Entry { key, state: Arc::clone(&self.state), arrivals, viewers }
    }
}

impl Viewers {
    fn count(&mut self, mode: Mode) -> &mut u32 {
        match mode {
            Mode::Drive => &mut self.drivers,
            Mode::Watch => &mut self.watchers,
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        lock(&self.state).sessions.remove(&self.key);
    }
}

impl Drop for ViewerGuard {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        if let Some(viewers) = state.viewers.get(&self.agent) {
            viewers.send_modify(|viewers| *viewers.count(self.mode) -= 1);
            if *viewers.borrow() == Viewers::default() && viewers.receiver_count() <= 1 {
                state.viewers.remove(&self.agent);
            }
        }
    }
}
