//! Agents that stay true while one looks at them.

use domain::{Agent, AgentId, LiveEvent};
use leptos::{prelude::*, task::spawn_local};

use super::live::Live;
use crate::api::agents::{get_agent, list_agents};

/// A list of agents that follows the event stream.
pub fn follow_all(initial: Vec<Agent>) -> RwSignal<Vec<Agent>> {
    let agents = RwSignal::new(initial);
    Live::of_page().listen(move |event| match event {
        LiveEvent::Agent(changed) => agents.update(|agents| upsert(agents, changed)),
        LiveEvent::AgentRemoved { id } => agents.update(|agents| agents.retain(|agent| agent.id != *id)),
        LiveEvent::Resync => spawn_local(async move {
            if let Ok(fresh) = list_agents().await {
                // The page may be gone by now.
                agents.try_set(fresh);
            }
        }),
        LiveEvent::Task(_) | LiveEvent::TaskRemoved { .. } | LiveEvent::Question(_) | LiveEvent::Runtime { .. } => {}
    });
    agents
}

/// One agent that follows the event stream; nothing once it is gone.
pub fn follow_one(initial: Agent) -> RwSignal<Option<Agent>> {
    let id = initial.id;
    let agent = RwSignal::new(Some(initial));
    Live::of_page().listen(move |event| match event {
        LiveEvent::Agent(changed) if changed.id == id => agent.update(|agent| match agent {
            Some(known) if is_newer(known, changed) => {}
            _ => *agent = Some((**changed).clone()),
        }),
        LiveEvent::AgentRemoved { id: removed } if *removed == id => agent.set(None),
        LiveEvent::Resync => read_again(agent, id),
        _ => {}
    });
    agent
}

/// One agent of a list, if it is there. An agent that goes keeps its last face.
pub fn one_of(agents: RwSignal<Vec<Agent>>, id: AgentId) -> Option<Signal<Agent>> {
    let find = move |agents: &Vec<Agent>| agents.iter().find(|agent| agent.id == id).cloned();
    let first = agents.with_untracked(find)?;
    if cfg!(feature = "ssr") {
        // Nothing changes while a page is rendered, and a memo for each row costs more than the row.
        return Some(Signal::stored(first));
    }
    let follow =
        move |last: Option<&Agent>| agents.with(find).or_else(|| last.cloned()).unwrap_or_else(|| first.clone());
    Some(Memo::new(follow).into())
}

fn read_again(agent: RwSignal<Option<Agent>>, id: AgentId) {
    spawn_local(async move {
        match get_agent(id).await {
            Ok(fresh) => agent.try_set(Some(fresh)),
            Err(error) if error.code == domain::ErrorCode::NotFound => agent.try_set(None),
            Err(_) => None,
        };
    });
}

/// An event that comes late must not undo a newer one.
fn is_newer(known: &Agent, event: &Agent) -> bool {
    (known.generation, known.phase_since) > (event.generation, event.phase_since)
}

/// Newest first, as the server lists them.
fn upsert(agents: &mut Vec<Agent>, changed: &Agent) {
    match agents.iter_mut().find(|agent| agent.id == changed.id) {
        Some(agent) if is_newer(agent, changed) => {}
        Some(agent) => *agent = changed.clone(),
        None => agents.insert(0, changed.clone()),
    }
}
