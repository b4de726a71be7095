//! All channels. One exists from the first time its user listens until it is forgotten to make room.

use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{Agent, AgentId, LiveEvent, UserId};
use tokio::sync::broadcast;

use super::channel::{Channel, Ended, Signal};
use crate::{
    entropy::{self, Entropy},
    neighbours::{News, Outbox},
};

/// Channels to which nobody listens are forgotten beyond this number, to bound the memory they take.
const CHANNELS: usize = 256;

/// What a new listener gets: what it missed, and all that follows.
pub(crate) struct Listening {
    pub(crate) backlog: VecDeque<(String, LiveEvent)>,
    pub(crate) signals: broadcast::Receiver<Signal>,
}

pub(crate) struct Hub {
    entropy: Arc<dyn Entropy>,
    outbox: Arc<Outbox>,
    channels: Mutex<HashMap<UserId, Channel>>,
    /// What was last told of each agent, to tell what other servers did from what this one did.
    told: Mutex<HashMap<AgentId, (UserId, u64)>>,
}

/// What differs from what this server has told.
pub(crate) struct Untold {
    pub(crate) changed: Vec<Agent>,
    pub(crate) gone: Vec<(UserId, AgentId)>,
}

impl Hub {
    pub(crate) fn new(entropy: Arc<dyn Entropy>, outbox: Arc<Outbox>) -> Self {
        Self { entropy, outbox, channels: Mutex::default(), told: Mutex::default() }
    }

    /// Listens to the user's channel, after the event with the given id.
    pub(crate) fn listen(&self, user: UserId, last_event_id: Option<&str>) -> Listening {
        let listening = self.with_channel(user, |channel| Listening {
            backlog: channel.missed_since(last_event_id),
            signals: channel.listen(),
        });
        self.outbox.wait_begins();
        listening
    }

    /// Whether anybody listens.
    pub(crate) fn has_listeners(&self) -> bool {
        self.channels().values().any(Channel::has_listeners)
    }

    /// The id of the user's newest event.
    pub(crate) fn position(&self, user: UserId) -> String {
        self.with_channel(user, |channel| channel.position())
    }

    /// Tells the user's open pages, on every server.
    pub(crate) fn publish(&self, user: UserId, event: LiveEvent) {
        self.outbox.put(News::Event { owner: user, event: Box::new(event.clone()) });
        self.tell(user, event);
    }

    /// Tells the user's open pages here. Without any, there is nothing to do.
    pub(crate) fn tell(&self, user: UserId, event: LiveEvent) {
        match &event {
            LiveEvent::Agent(agent) => {
                self.told().insert(agent.id, (user, face(agent)));
            }
            LiveEvent::AgentRemoved { id } => {
                self.told().remove(id);
            }
            _ => {}
        }
        if let Some(channel) = self.channels().get_mut(&user) {
            channel.publish(event);
        }
    }

    /// Tells everybody's open pages here.
    pub(crate) fn publish_to_all(&self, event: &LiveEvent) {
        for channel in self.channels().values_mut() {
            channel.publish(event.clone());
        }
    }

    /// Takes over all agents there are, and says which of them this server has not told of as they are.
    pub(crate) fn compare(&self, agents: &[Agent]) -> Untold {
        let mut told = self.told();
        let changed = agents.iter().filter(|agent| {
            let now = (agent.user_id, face(agent));
            told.insert(agent.id, now) != Some(now)
        });
        let changed: Vec<_> = changed.cloned().collect();
        let there: HashSet<_> = agents.iter().map(|agent| agent.id).collect();
        let gone = told.iter().filter(|(id, _)| !there.contains(id)).map(|(id, (owner, _))| (*owner, *id));
        Untold { changed, gone: gone.collect() }
    }

    /// Ends what was opened with a session or a token of the user, on every server.
    pub(crate) fn end(&self, user: UserId, ended: Ended) {
        self.outbox.put(News::Ended { owner: user, ended });
        self.end_here(user, ended);
    }

    /// Ends what was opened here.
    pub(crate) fn end_here(&self, user: UserId, ended: Ended) {
        if let Some(channel) = self.channels().get(&user) {
            channel.end(ended);
        }
    }

    fn with_channel<T>(&self, user: UserId, work: impl FnOnce(&mut Channel) -> T) -> T {
        let mut channels = self.channels();
        if channels.len() >= CHANNELS && !channels.contains_key(&user) {
            channels.retain(|_, channel| channel.has_listeners());
        }
        work(channels.entry(user).or_insert_with(|| Channel::new(entropy::seed(&*self.entropy))))
    }

    fn told(&self) -> MutexGuard<'_, HashMap<AgentId, (UserId, u64)>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<UserId, Channel>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number that is another one when the agent looks different to people.
fn face(agent: &Agent) -> u64 {
    let mut hasher = DefaultHasher::new();
    let Agent { desired, phase, reason, message, step, generation, phase_since, .. } = agent;
    (desired, phase, reason, message, step, generation, phase_since).hash(&mut hasher);
    hasher.finish()
}
