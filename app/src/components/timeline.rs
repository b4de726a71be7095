//! What happened, who did it and when; newest first.

use domain::{ActorKind, Event, EventKind};
use leptos::prelude::*;

use super::time::Time;

use crate::lean::view;

/// A timeline.
#[component]
pub fn Timeline(
    /// What happened, oldest first.
    events: Vec<Event>,
) -> impl IntoView {
    let entries = events.into_iter().rev().map(|event| view! { <Entry event /> }).collect_view();
    view! { <ol class="timeline">{entries}</ol> }
}

#[component]
fn Entry(event: Event) -> impl IntoView {
    let Event { at, actor, kind, .. } = event;
    let by = match actor.kind {
        ActorKind::Agent => "timeline-mark agent",
        ActorKind::User => "timeline-mark user",
        ActorKind::System => "timeline-mark",
    };
    let detail = match &kind {
        EventKind::AgentPhaseChanged { message, .. } if !message.is_empty() => Some(message.clone()),
        _ => None,
    };
    view! {
        <li>
            <span class=by aria-hidden="true"></span>
            <p>
                <strong>{actor.name}</strong>
                " "
                {sentence(&kind)}
                " "
                <span class="quiet"><Time at /></span>
            </p>
            {detail.map(|detail| view! { <p class="quiet">{detail}</p> })}
        </li>
    }
}

/// What happened, as it stands after the name of who did it.
fn sentence(kind: &EventKind) -> String {
    match kind {
        EventKind::TaskCreated => "created the task".to_owned(),
        EventKind::TaskEdited { fields } => {
            format!("changed the {}", fields.join(", ").replace('_', " "))
        }
        EventKind::TaskMoved { from, to } => format!("moved it from {from} to {to}"),
        EventKind::AgentLaunched => "launched the agent".to_owned(),
        EventKind::AgentStopRequested => "asked it to stop".to_owned(),
        EventKind::AgentStartRequested => "asked it to start".to_owned(),
        EventKind::AgentDeleteRequested => "asked to delete it".to_owned(),
        EventKind::AgentPhaseChanged { from, to, .. } => format!("saw it go from {from} to {to}"),
    }
}
