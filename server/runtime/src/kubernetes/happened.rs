//! What the watch of the namespace's events knows to have happened to our agents' objects: by agent, the newest ones, and
//! nothing of anybody else's.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::AgentId;
use k8s_openapi::api::core::v1::Event;
use kube::{ResourceExt, runtime::watcher};

use super::{facts::when, names};

/// Events of one agent that are kept. A start makes about eight; what repeats is counted, not repeated.
const KEPT: usize = 50;

/// Events by agent, and by their own names.
type Known = HashMap<AgentId, HashMap<String, Event>>;

/// What happened to whom.
#[derive(Debug, Default)]
pub(super) struct Happened(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    known: Known,
    /// What a watch that begins anew has told so far: it takes the place of what was known once all is told.
    anew: Option<Known>,
}

impl Happened {
    /// What happened to the agent's objects, oldest first.
    pub fn of(&self, id: AgentId) -> Vec<Event> {
        let mut events: Vec<_> =
            self.state().known.get(&id).map(|events| events.values().cloned().collect()).unwrap_or_default();
        events.sort_by_key(when);
        events
    }

    /// Takes over what the watch told.
    pub fn take(&self, told: &watcher::Event<Event>) {
        let mut state = self.state();
        match told {
            watcher::Event::Init => state.anew = Some(Known::default()),
            watcher::Event::InitApply(event) => keep(state.anew.get_or_insert_default(), event),
            watcher::Event::InitDone => {
                if let Some(anew) = state.anew.take() {
                    state.known = anew;
                }
            }
            watcher::Event::Apply(event) => keep(&mut state.known, event),
            watcher::Event::Delete(event) => {
                let Some(id) = whose(event) else { return };
                let events = state.known.entry(id).or_default();
                events.remove(&event.name_any());
                if events.is_empty() {
                    state.known.remove(&id);
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The agent that an event is about, if it is about one of ours.
pub(super) fn whose(event: &Event) -> Option<AgentId> {
    names::agent_of(event.involved_object.name.as_deref()?)
}

fn keep(known: &mut Known, event: &Event) {
    let Some(id) = whose(event) else { return };
    let events = known.entry(id).or_default();
    events.insert(event.name_any(), event.clone());
    if events.len() > KEPT
        && let Some(oldest) = events.values().min_by_key(|event| when(event)).map(ResourceExt::name_any)
    {
        events.remove(&oldest);
    }
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
    fn a_watch_that_begins_anew_is_believed_once_it_has_told_all() {
        let happened = Happened::default();
        happened.take(&watcher::Event::Apply(event(1, "b", 2)));
        happened.take(&watcher::Event::Apply(event(1, "a", 1)));
        happened.take(&watcher::Event::Apply(event(1, "a", 1)));
        assert_eq!(names_of(&happened, 1), ["a", "b"]);
        happened.take(&watcher::Event::Init);
        happened.take(&watcher::Event::InitApply(event(2, "c", 3)));
        assert_eq!(names_of(&happened, 1), ["a", "b"], "half a list takes nothing away");
        happened.take(&watcher::Event::InitDone);
        assert_eq!((names_of(&happened, 1).len(), names_of(&happened, 2)), (0, vec!["c".to_owned()]));
        happened.take(&watcher::Event::Delete(event(2, "c", 3)));
        assert!(happened.state().known.is_empty());
    }

    #[test]
    fn only_the_newest_are_kept_and_nothing_of_others() {
        let happened = Happened::default();
        for second in 0..60 {
            happened.take(&watcher::Event::Apply(event(1, &format!("{second:02}"), second)));
        }
        let mut foreign = event(1, "x", 1);
        foreign.involved_object.name = Some("somebody-else-0".into());
        happened.take(&watcher::Event::Apply(foreign));
        assert_eq!(names_of(&happened, 1).first().map(String::as_str), Some("10"));
        assert_eq!((names_of(&happened, 1).len(), happened.state().known.len()), (KEPT, 1));
    }
}
