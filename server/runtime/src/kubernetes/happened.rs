//! What the watch of the namespace's events knows to have happened to our agents' objects: by agent, the newest ones, and
//! nothing of anybody else's.

use std::collections::HashMap;

use domain::AgentId;
use k8s_openapi::api::core::v1::Event;
use kube::ResourceExt;

use super::{facts::when, names, told::Knows};

/// Events of one agent that are kept. A start makes about eight; what repeats is counted, not repeated.
const KEPT: usize = 50;

/// What happened to whom: events by agent, and by their own names.
#[derive(Debug, Default)]
pub(super) struct Happened(HashMap<AgentId, HashMap<String, Event>>);

impl Happened {
    /// What happened to the agent's objects, oldest first.
    pub fn of(&self, id: AgentId) -> Vec<Event> {
        let mut events: Vec<_> = self.0.get(&id).map(|events| events.values().cloned().collect()).unwrap_or_default();
        events.sort_by_key(when);
        events
    }
}

impl Knows<Event> for Happened {
    fn keep(&mut self, event: &Event) {
        let Some(id) = whose(event) else { return };
        let events = self.0.entry(id).or_default();
        events.insert(event.name_any(), event.clone());
        if events.len() > KEPT
            && let Some(oldest) = events.values().min_by_key(|event| when(event)).map(ResourceExt::name_any)
        {
            events.remove(&oldest);
        }
    }

    fn forget(&mut self, event: &Event) {
        let Some(id) = whose(event) else { return };
        let events = self.0.entry(id).or_default();
        events.remove(&event.name_any());
        if events.is_empty() {
            self.0.remove(&id);
        }
    }
}

/// The agent that an event is about, if it is about one of ours.
pub(super) fn whose(event: &Event) -> Option<AgentId> {
    names::agent_of(event.involved_object.name.as_deref()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id(number: u128) -> AgentId {
        AgentId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn event(agent: u128, name: &str, second: u32) -> Event {
        let at = format!("2026-01-01T00:{:02}:{:02}Z", second / 60, second % 60);
        let object = json!({ "kind": "Pod", "name": names::pod(id(agent)) });
        let event = json!({ "metadata": { "name": name }, "involvedObject": object, "lastTimestamp": at });
        serde_json::from_value(event).unwrap()
    }

    fn names_of(happened: &Happened, agent: u128) -> Vec<String> {
        happened.of(id(agent)).iter().map(ResourceExt::name_any).collect()
    }

    #[test]
    fn an_event_is_known_once_from_its_coming_to_its_end() {
        let mut happened = Happened::default();
        for event in [event(1, "b", 2), event(1, "a", 1), event(1, "a", 1)] {
            happened.keep(&event);
        }
        assert_eq!(names_of(&happened, 1), ["a", "b"]);
        happened.forget(&event(1, "a", 1));
        assert_eq!(names_of(&happened, 1), ["b"]);
        happened.forget(&event(1, "b", 2));
        assert!(happened.0.is_empty());
    }

    #[test]
    fn only_the_newest_are_kept_and_nothing_of_others() {
        let mut happened = Happened::default();
        for second in 0..60 {
            happened.keep(&event(1, &format!("{second:02}"), second));
        }
        let mut foreign = event(1, "x", 1);
        foreign.involved_object.name = Some("somebody-else-0".into());
        happened.keep(&foreign);
        assert_eq!(names_of(&happened, 1).first().map(String::as_str), Some("10"));
        assert_eq!((names_of(&happened, 1).len(), happened.0.len()), (KEPT, 1));
    }
}
