//! All channels. One exists from the first time its user listens until it is forgotten to make room.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{LiveEvent, UserId};
use tokio::sync::broadcast;

use super::channel::{Channel, Ended, Signal};
use crate::entropy::{self, Entropy};

/// Channels to which nobody listens are forgotten beyond this number, to bound the memory they take.
const CHANNELS: usize = 256;

/// What a new listener gets: what it missed, and all that follows.
pub(crate) struct Listening {
    pub(crate) backlog: VecDeque<(String, LiveEvent)>,
    pub(crate) signals: broadcast::Receiver<Signal>,
}

pub(crate) struct Hub {
    entropy: Arc<dyn Entropy>,
    channels: Mutex<HashMap<UserId, Channel>>,
}

impl Hub {
    pub(crate) fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy, channels: Mutex::default() }
    }

    /// Listens to the user's channel, after the event with the given id.
    pub(crate) fn listen(&self, user: UserId, last_event_id: Option<&str>) -> Listening {
        self.with_channel(user, |channel| Listening {
            backlog: channel.missed_since(last_event_id),
            signals: channel.listen(),
        })
    }

    /// The id of the user's newest event.
    pub(crate) fn position(&self, user: UserId) -> String {
        self.with_channel(user, |channel| channel.position())
    }

    /// Tells the user's open pages. Without any, there is nothing to do.
    pub(crate) fn publish(&self, user: UserId, event: LiveEvent) {
        if let Some(channel) = self.channels().get_mut(&user) {
            channel.publish(event);
        }
    }

    /// Ends what was opened with a session or a token of the user.
    pub(crate) fn end(&self, user: UserId, ended: Ended) {
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

    fn channels(&self) -> MutexGuard<'_, HashMap<UserId, Channel>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
