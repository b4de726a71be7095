//! Agents that stay true while one looks at them.

use domain::{Agent, AgentId, FirstAgents, LiveEvent, Phase};
use leptos::{prelude::*, task::spawn_local};

use super::live::Live;
use crate::api::agents::{get_agent, list_agents};

/// A list of all agents, newest first, that follows the event stream.
pub fn follow_all(agents: Vec<Agent>) -> RwSignal<Vec<Agent>> {
    ListedAgents::follow(FirstAgents { agents, phases: Vec::new() }).here
}

/// A list of agents of which the first are shown at once, and the others as soon as they are read. It follows the event stream.
#[derive(Clone, Copy)]
pub struct ListedAgents {
    /// Those that are here, newest first.
    pub here: RwSignal<Vec<Agent>>,
    /// Whether the others could not be read.
    pub failed: RwSignal<bool>,
    /// How many there were of each phase when the first were read; nothing once all are here.
    counted: RwSignal<Option<Vec<(Phase, u32)>>>,
}

impl ListedAgents {
    /// Follows the event stream, and reads those that are not among the first.
    pub fn follow(first: FirstAgents) -> Self {
        let counted = (!first.is_all()).then_some(first.phases);
        let is_all = counted.is_none();
        let (here, counted) = (RwSignal::new(first.agents), RwSignal::new(counted));
        let agents = Self { here, failed: RwSignal::new(false), counted };
        Live::of_page().listen(move |event| match event {
            LiveEvent::Resync => agents.read_all(),
            event => agents.note(event),
        });
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

    /// Reads all of them anew.
    pub fn read_all(self) {
        let live = Live::of_page();
        spawn_local(async move {
            let Ok(mut all) = list_agents().await else {
                // The page may be gone by now. A list that is whole goes on with what comes.
                let is_part = self.counted.try_with(Option::is_some) == Some(true);
                self.failed.try_set(is_part);
                return;
            };
            all.reverse();
            if self.here.try_set(all).is_none() {
                self.counted.set(None);
                self.failed.set(false);
                // What happened while they were on their way.
                live.tell_recent(&move |event| self.note(event));
            }
        });
    }

    /// Takes note of what happened to one of the agents.
    fn note(self, event: &LiveEvent) {
        match event {
            LiveEvent::Agent(changed) => {
                // One of those that are not here yet is older than all that are.
                let is_part = self.counted.with_untracked(Option::is_some);
                let is_older = |agents: &Vec<Agent>| agents.last().is_some_and(|oldest| changed.id < oldest.id);
                if !(is_part && self.here.with_untracked(is_older)) {
                    self.here.update(|agents| upsert(agents, changed));
                }
            }
            LiveEvent::AgentRemoved { id } => self.here.update(|agents| agents.retain(|agent| agent.id != *id)),
            _ => {}
        }
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
