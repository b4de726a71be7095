//! Live events: what open pages are told as it happens. Each user has a channel of their own.
//!
//! A channel keeps its last events, so that a page whose connection broke gets what it missed; one that missed more, or
//! never was connected, is told to read again.

use std::sync::Arc;

use domain::{AgentId, LiveEvent};
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    Inner,
    caller::Caller,
    error::Error,
    policy::{self, Action},
};

mod channel;
mod hub;

pub(crate) use channel::{Ended, Signal};
pub(crate) use hub::Hub;
pub(crate) use hub::Listening;

/// Live events with their ids, oldest first.
pub type Events = BoxStream<'static, (String, LiveEvent)>;

/// Live events of the caller.
#[derive(Clone)]
pub struct Live(pub(crate) Arc<Inner>);

impl Live {
    /// The caller's events after the one with the given id. Without an id, or when too much was missed, the first item
    /// is [`LiveEvent::Resync`]. Ends when the caller's session or token is ended.
    pub fn subscribe(&self, caller: &Caller, last_event_id: Option<&str>) -> Result<Events, Error> {
        let owner = policy::authorize(caller, Action::ListenLive)?;
        let listening = self.0.live.listen(owner.id(), last_event_id);
        let start = (Arc::clone(&self.0), caller.clone(), listening);
        Ok(stream::unfold(start, |(inner, caller, mut listening)| async move {
            let item = next(&inner, &caller, &mut listening).await?;
            Some((item, (inner, caller, listening)))
        })
        .boxed())
    }

    /// The id of the caller's newest event. A page that is rendered after this was read and subscribes with it misses
    /// nothing.
    pub fn position(&self, caller: &Caller) -> Result<String, Error> {
        let owner = policy::authorize(caller, Action::ListenLive)?;
        Ok(self.0.live.position(owner.id()))
    }
}

async fn next(inner: &Inner, caller: &Caller, listening: &mut Listening) -> Option<(String, LiveEvent)> {
    if let Some(missed) = listening.backlog.pop_front() {
        return Some(missed);
    }
    loop {
        match listening.signals.recv().await {
            Ok(Signal::Event(id, event)) => return Some((id.to_string(), LiveEvent::clone(&event))),
            Ok(Signal::Ended(ended)) if ended.concerns(&caller.via) => return None,
            Ok(Signal::Ended(_)) => {}
            Err(RecvError::Lagged(_)) => {
                *listening = inner.live.listen(caller.user.id, None);
                return listening.backlog.pop_front();
            }
            Err(RecvError::Closed) => return None,
        }
    }
}

/// The agent that an event is about, if it is about one.
pub(crate) fn agent_of(event: &LiveEvent) -> Option<AgentId> {
    match event {
        LiveEvent::Agent(agent) => Some(agent.id),
        LiveEvent::AgentRemoved { id } => Some(*id),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
