//! Agents that stay true while one looks at them.

use domain::{Agent, AgentId, FirstAgents, LiveEvent, Phase};
use leptos::{prelude::*, task::spawn_local};

use super::live::Live;
use crate::api::agents::{get_agent, list_agents};

/// A list of agents, newest first, that follows the event stream.
pub fn follow_all(initial: Vec<Agent>) -> RwSignal<Vec<Agent>> {
    let agents = RwSignal::new(initial);
    Live::of_page().listen(move |event| {
        if matches!(event, LiveEvent::Resync) {
            let live = Live::of_page();
            spawn_local(async move {
                // The page may be gone by now.
                if let Ok(fresh) = list_agents().await {
                    replace(agents, fresh, live);
                }
            });
        } else {
            note(agents, event);
        }
    });
    agents
}

/// A list of agents of which the first are shown at once, and the others as soon as they are read.
#[derive(Clone, Copy)]
pub struct ListedAgents {
    /// Those that are here, newest first.
    pub here: RwSignal<Vec<Agent>>,
    /// How many there were of each phase when the first were read; nothing once all are here.
    counted: RwSignal<Option<Vec<(Phase, u32)>>>,
}

impl ListedAgents {
    /// Follows the event stream, and reads those that are not among the first.
    pub fn follow(first: FirstAgents) -> Self {
        let is_all = first.is_all();
        let agents = Self { here: follow_all(first.agents), counted: RwSignal::new((!is_all).then_some(first.phases)) };
        if !is_all {
            Effect::new(move || agents.read_all());
        }
        agents
    }

    /// How many there are in these phases, here or not.
    pub fn count(self, is_meant: impl Fn(Phase) -> bool) -> usize {
        self.counted.with(|counted| match counted {
            Some(phases) => {
                let meant = phases.iter().filter(|(phase, _)| is_meant(*phase));
                meant.map(|(_, number)| *number as usize).sum()
            }
            None => self.here.with(|agents| agents.iter().filter(|agent| is_meant(agent.phase)).count()),
        })
    }

    /// Reads those that are not here, if there are any. When that fails, the next call tries again.
    pub fn read_all(self) {
        if self.counted.with_untracked(Option::is_none) {
            return;
        }
        let live = Live::of_page();
        spawn_local(async move {
            if let Ok(all) = list_agents().await {
                replace(self.here, all, live);
                self.counted.try_set(None);
            }
        });
    }
}

/// Takes over what was read, oldest first, and again what happened while it was on its way.
fn replace(agents: RwSignal<Vec<Agent>>, mut fresh: Vec<Agent>, live: Live) {
    fresh.reverse();
    if agents.try_set(fresh).is_none() {
        live.tell_recent(&move |event| note(agents, event));
    }
}

/// Takes note of what happened to one of the agents.
fn note(agents: RwSignal<Vec<Agent>>, event: &LiveEvent) {
    match event {
        LiveEvent::Agent(changed) => agents.update(|agents| upsert(agents, changed)),
        LiveEvent::AgentRemoved { id } => agents.update(|agents| agents.retain(|agent| agent.id != *id)),
        _ => {}
    }
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

/// One that is not known yet is the newest.
fn upsert(agents: &mut Vec<Agent>, changed: &Agent) {
    match agents.iter_mut().find(|agent| agent.id == changed.id) {
        Some(agent) if is_newer(agent, changed) => {}
        Some(agent) => *agent = changed.clone(),
        None => agents.insert(0, changed.clone()),
    }
}
