//! Which agent is looked at next. One agent is never looked at twice at the same time. Pure: no clock, no tasks.

use std::collections::{HashMap, VecDeque};

use domain::{AgentId, Timestamp};

/// What the queue knows of an agent.
#[derive(Debug)]
struct Entry {
    state: State,
    /// Looks in a row that did not settle it.
    tries: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing to do.
    Idle,
    /// In line.
    Ready,
    /// Shall be looked at from this time on.
    Due(Timestamp),
    /// Being looked at; `again` when something happened since that began.
    Running { again: bool },
}

/// The agents, each in line at most once.
#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: HashMap<AgentId, Entry>,
    line: VecDeque<AgentId>,
    running: usize,
}

impl Queue {
    /// Something happened to the agent: it shall be looked at now.
    pub(super) fn wake(&mut self, id: AgentId) {
        let entry = self.entries.entry(id).or_insert(Entry { state: State::Idle, tries: 0 });
        match &mut entry.state {
            State::Running { again } => *again = true,
            State::Ready => {}
            state => {
                *state = State::Ready;
                self.line.push_back(id);
            }
        }
    }

    /// Like [`wake`](Self::wake), but an agent that waits for its time goes on waiting. Says whether it is in line now.
    pub(super) fn remind(&mut self, id: AgentId) -> bool {
        let waits = self.entries.get(&id).is_some_and(|entry| matches!(entry.state, State::Due(_)));
        if !waits {
            self.wake(id);
        }
        !waits
    }

    /// The next agent to look at, if there is one at `now`.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<AgentId> {
        let due = |entry: &Entry| matches!(entry.state, State::Due(at) if at <= now);
        let due: Vec<_> = self.entries.iter().filter(|(_, entry)| due(entry)).map(|(id, _)| *id).collect();
        for id in due {
            self.wake(id);
        }
        let id = self.line.pop_front()?;
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.state = State::Running { again: false };
        }
        self.running += 1;
        Some(id)
    }

    /// How many agents are being looked at.
    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// When the next agent is due that waits for its time.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let due = self.entries.values().filter_map(|entry| match entry.state {
            State::Due(at) => Some(at),
            _ => None,
        });
        due.min()
    }

    /// Looks in a row at this agent that did not settle it.
    pub(super) fn tries(&self, id: AgentId) -> u32 {
        self.entries.get(&id).map_or(0, |entry| entry.tries)
    }

    /// The look is over and there is nothing more to do.
    pub(super) fn settle(&mut self, id: AgentId) {
        self.finish(id, State::Idle, |_| 0);
    }

    /// The look is over; look again at this time. It counts as a try when it does not follow a plan.
    pub(super) fn postpone(&mut self, id: AgentId, at: Timestamp, is_try: bool) {
        self.finish(id, State::Due(at), |tries| if is_try { tries.saturating_add(1) } else { tries });
    }

    /// The look is over and there is no such agent any more.
    pub(super) fn forget(&mut self, id: AgentId) {
        self.finish(id, State::Idle, |_| 0);
        if self.entries.get(&id).is_some_and(|entry| entry.state == State::Idle) {
            self.entries.remove(&id);
        }
    }

    fn finish(&mut self, id: AgentId, state: State, tries: impl FnOnce(u32) -> u32) {
        self.running = self.running.saturating_sub(1);
        if let Some(entry) = self.entries.get_mut(&id) {
            let again = entry.state == State::Running { again: true };
            *entry = Entry { state, tries: tries(entry.tries) };
            if again {
                self.wake(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn id(number: u128) -> AgentId {
        AgentId::from_uuid(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn an_agent_is_in_line_once_and_never_looked_at_twice_at_a_time() {
        let mut queue = Queue::default();
        queue.wake(id(1));
        queue.wake(id(1));
        assert_eq!(queue.take(NOW), Some(id(1)));
        assert_eq!(queue.take(NOW), None);
        queue.wake(id(1));
        assert_eq!(queue.take(NOW), None, "it is being looked at");
        queue.settle(id(1));
        assert_eq!(queue.take(NOW), Some(id(1)), "what happened meanwhile is not forgotten");
        queue.settle(id(1));
        assert_eq!((queue.take(NOW), queue.running()), (None, 0));
    }

    #[test]
    fn who_waits_is_left_alone_by_a_reminder_and_not_by_a_wake_up() {
        let mut queue = Queue::default();
        let later = crate::clock::later(NOW, std::time::Duration::from_secs(9));
        queue.wake(id(1));
        queue.take(NOW);
        queue.postpone(id(1), later, true);
        queue.remind(id(1));
        assert_eq!((queue.take(NOW), queue.next_due(), queue.tries(id(1))), (None, Some(later), 1));
        assert_eq!(queue.take(later), Some(id(1)));
        queue.postpone(id(1), later, true);
        queue.wake(id(1));
        assert_eq!(queue.take(NOW), Some(id(1)));
        queue.forget(id(1));
        assert_eq!((queue.tries(id(1)), queue.entries.len()), (0, 0));
    }
}
