//! Entries of timelines as people read them. They are written here, so that the browser need not know every event.

use domain::{ActorKind, Timestamp};
#[cfg(feature = "ssr")]
use domain::{Event, EventKind};
use serde::{Deserialize, Serialize};

/// What happened, who did it and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it happened.
    pub at: Timestamp,
    /// What did it.
    pub by: ActorKind,
    /// The name of who did it.
    pub name: String,
    /// What happened, as it stands after the name.
    pub what: String,
    /// Why, as a sentence; may be empty.
    pub why: String,
}

#[cfg(feature = "ssr")]
impl From<Event> for Entry {
    fn from(event: Event) -> Self {
        let Event { id: _, at, actor, kind } = event;
        let what = sentence(&kind);
        let why = match kind {
            EventKind::AgentPhaseChanged { message, .. } => message,
            _ => String::new(),
        };
        Self { at, by: actor.kind, name: actor.name, what, why }
    }
}

#[cfg(feature = "ssr")]
fn sentence(kind: &EventKind) -> String {
    match kind {
        EventKind::TaskCreated => "created the task".to_owned(),
        EventKind::TaskEdited { fields } => format!("changed the {}", fields.join(", ").replace('_', " ")),
        EventKind::TaskMoved { from, to } => format!("moved it from {from} to {to}"),
        EventKind::AgentLaunched => "launched the agent".to_owned(),
        EventKind::AgentStopRequested => "asked it to stop".to_owned(),
        EventKind::AgentStartRequested => "asked it to start".to_owned(),
        EventKind::AgentDeleteRequested => "asked to delete it".to_owned(),
        EventKind::AgentPhaseChanged { from, to, .. } => format!("saw it go from {from} to {to}"),
    }
}
