//! One user's channel: the last events in a ring, and everyone who listens.

use std::{collections::VecDeque, fmt, sync::Arc};

use domain::{LiveEvent, SessionId, TokenId};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::{caller::Via, live::agent_of};

/// Events that a channel remembers for pages that come back, and that a slow listener may be behind. A burst of twenty
/// launches with four phases each fits.
pub(super) const REMEMBERED: usize = 128;

/// What listeners of a channel hear.
#[derive(Debug, Clone)]
pub(crate) enum Signal {
    /// Something changed.
    Event(EventNumber, Arc<LiveEvent>),
    /// A session or a token was ended.
    Ended(Ended),
}

/// What was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ended {
    Session(SessionId),
    AllSessions,
    Token(TokenId),
    /// Every way in: the account is being deleted.
    Everything,
}

impl Ended {
    /// Whether someone who came this way is signed out by it.
    pub(crate) fn concerns(self, via: &Via) -> bool {
        match (self, via) {
            (Self::Session(ended), Via::Session(id)) => ended == *id,
            (Self::AllSessions, Via::Session(_)) | (Self::Everything, _) => true,
            (Self::Token(ended), Via::PersonalToken(id)) => ended == *id,
            _ => false,
        }
    }
}

/// The place of an event in its channel. Two channels, also of one user before and after a restart, share no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventNumber {
    boot: u64,
    seq: u64,
}

impl fmt::Display for EventNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.boot, self.seq)
    }
}

impl EventNumber {
    fn parse(text: &str) -> Option<Self> {
        let (boot, seq) = text.split_once('-')?;
        Some(Self { boot: u64::from_str_radix(boot, 16).ok()?, seq: seq.parse().ok()? })
    }
}

pub(super) struct Channel {
    newest: EventNumber,
    ring: VecDeque<(EventNumber, Arc<LiveEvent>)>,
    sender: broadcast::Sender<Signal>,
}

impl Channel {
    pub(super) fn new(boot: u64) -> Self {
        let sender = broadcast::Sender::new(REMEMBERED);
        Self { newest: EventNumber { boot, seq: 0 }, ring: VecDeque::new(), sender }
    }

    pub(super) fn position(&self) -> String {
        self.newest.to_string()
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<Signal> {
        self.sender.subscribe()
    }

    pub(super) fn has_listeners(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    pub(super) fn end(&self, ended: Ended) {
        // Nobody listening is no error.
        let _ = self.sender.send(Signal::Ended(ended));
    }

    /// Tells everyone, unless they know better already: writers tell after they have written, so two of them can meet
    /// here in the wrong order.
    pub(super) fn publish(&mut self, event: LiveEvent) {
        if self.ring.iter().any(|(_, known)| is_newer(known, &event)) {
            return;
        }
        self.newest.seq += 1;
        let event = Arc::new(event);
        if self.ring.len() == REMEMBERED {
            self.ring.pop_front();
        }
        self.ring.push_back((self.newest, Arc::clone(&event)));
        let _ = self.sender.send(Signal::Event(self.newest, event));
    }

    /// The events after `last`, or a call to read again when they are not all known.
    pub(super) fn missed_since(&self, last: Option<&str>) -> VecDeque<(String, LiveEvent)> {
        let last = last.and_then(EventNumber::parse).filter(|last| last.boot == self.newest.boot);
        let oldest = self.newest.seq - u64::try_from(self.ring.len()).unwrap_or(u64::MAX);
        match last {
            Some(last) if (oldest..=self.newest.seq).contains(&last.seq) => {
                let missed = self.ring.iter().filter(|(number, _)| number.seq > last.seq);
                missed.map(|(number, event)| (number.to_string(), LiveEvent::clone(event))).collect()
            }
            _ => VecDeque::from([(self.position(), LiveEvent::Resync)]),
        }
    }
}

/// Whether `known` tells a later state of the same object than `event`.
fn is_newer(known: &LiveEvent, event: &LiveEvent) -> bool {
    match (known, event) {
        (LiveEvent::Agent(known), LiveEvent::Agent(event)) => {
            known.id == event.id && (known.generation, known.phase_since) > (event.generation, event.phase_since)
        }
        (LiveEvent::Task(known), LiveEvent::Task(event)) => {
            let said = |task: &domain::Task| task.report.as_ref().map(|report| report.at);
            known.id == event.id && (known.version, said(known)) > (event.version, said(event))
        }
        (LiveEvent::Question(known), LiveEvent::Question(event)) => {
            known.id == event.id && known.closed_at.is_some() && event.closed_at.is_none()
        }
        (LiveEvent::AgentRemoved { .. }, LiveEvent::Agent(_)) => agent_of(known) == agent_of(event),
        (LiveEvent::TaskRemoved { id, .. }, LiveEvent::Task(event)) => *id == event.id,
        _ => false,
    }
}
