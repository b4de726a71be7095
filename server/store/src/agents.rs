//! Agents: what is wanted of them and what was observed.

use domain::{Agent, AgentId, Desired, FirstAgents, Timestamp, UserId};

use crate::{
    InsertAgent, LaunchFacts, NewAgent, NewEvent, PhaseChange, Result, Store,
    columns::{millis, name_of, named},
    rows::{
        agent::{self, AgentRow, PhaseRow},
        event::EventRow,
    },
};

impl Store {
    /// Stores an agent of the owner with the first entry of its timeline, unless the owner has `limit` agents already.
    /// Agents that shall be deleted do not count, and their names are free. Holds for any number of launches at once.
    pub async fn insert_agent(
        &self,
        owner: UserId,
        agent: &NewAgent,
        limit: u32,
        event: &NewEvent,
    ) -> Result<InsertAgent> {
        let (row, mode) = (AgentRow::new(owner, agent)?, name_of(&agent.mode));
        let event = EventRow::try_from(event)?;
        dispatch!(self, agents::insert(&row, &mode, limit.into(), &event))?.try_into()
    }

    /// The owner's agent.
    pub async fn agent(&self, owner: UserId, id: AgentId) -> Result<Option<Agent>> {
        Ok(self.agent_unscoped(id).await?.filter(|agent| agent.user_id == owner))
    }

    /// The agent, whoever owns it. For the reconciler only.
    pub async fn agent_unscoped(&self, id: AgentId) -> Result<Option<Agent>> {
        let id = id.to_string();
        dispatch!(self, agents::find(&id))?.map(agent::agent).transpose()
    }

    /// The owner's agents, oldest first, those that shall be deleted among them.
    pub async fn agents(&self, owner: UserId) -> Result<Vec<Agent>> {
        let owner = owner.to_string();
        dispatch!(self, agents::of_user(&owner))?.into_iter().map(agent::agent).collect()
    }

    /// The owner's newest agents, and how many there are of each phase: `rows` of them, or all if there are no more than
    /// `whole`.
    pub async fn first_agents(&self, owner: UserId, rows: u32, whole: u32) -> Result<FirstAgents> {
        let owner = owner.to_string();
        let (agents, phases) = dispatch!(self, agents::first(&owner, rows.into(), whole.into()))?;
        let phases = phases
            .into_iter()
            .map(|(phase, number)| Ok((named("phase", &phase)?, u32::try_from(number).unwrap_or(u32::MAX))));
        Ok(FirstAgents {
            agents: agents.into_iter().map(agent::agent).collect::<Result<_>>()?,
            phases: phases.collect::<Result<_>>()?,
        })
    }

    /// Every agent of everybody, oldest first. For the reconciler only.
    pub async fn all_agents(&self) -> Result<Vec<Agent>> {
        dispatch!(self, agents::all())?.into_iter().map(agent::agent).collect()
    }

    /// Says what the owner's agent shall be, raises its generation and adds to its timeline.
    ///
    /// None when the owner has no such agent, or it shall be deleted and `desired` is anything else: deletion is final.
    /// An agent that is already wanted so comes back as it is, except one that failed and shall run: that is another try.
    pub async fn set_desired(
        &self,
        owner: UserId,
        id: AgentId,
        desired: Desired,
        now: Timestamp,
        event: &NewEvent,
    ) -> Result<Option<Agent>> {
        let (owner, id, at) = (owner.to_string(), id.to_string(), millis(now));
        let event = EventRow::try_from(event)?;
        dispatch!(self, agents::set_desired(&owner, &id, desired, at, &event))?.map(agent::agent).transpose()
    }

    /// Notes what was observed. None when that is nothing new, or the agent has moved on or is gone. `phase_since` moves
    /// only when the phase does.
    pub async fn set_phase(&self, change: &PhaseChange, event: Option<&NewEvent>) -> Result<Option<Agent>> {
        let (id, generation, row) = (change.id.to_string(), change.expected_generation, PhaseRow::new(change));
        let (in_term, step) = (change.in_term, change.step.as_ref().map(name_of));
        let event = event.map(EventRow::try_from).transpose()?;
        let changed =
            dispatch!(self, agents::set_phase(&id, generation, in_term, &row, step.as_deref(), event.as_ref()))?;
        changed.map(agent::agent).transpose()
    }

    /// Removes the agent's row with its timeline. For the reconciler, when the runtime has nothing left of it; in its term,
    /// if it has one.
    pub async fn delete_agent(&self, id: AgentId, in_term: Option<i64>) -> Result<bool> {
        let id = id.to_string();
        dispatch!(self, agents::delete(&id, in_term))
    }

    /// What a runtime must know to start the agent.
    pub async fn agent_launch_facts(&self, id: AgentId) -> Result<Option<LaunchFacts>> {
        let id = id.to_string();
        dispatch!(self, agents::launch_facts(&id))?.map(agent::launch_facts).transpose()
    }
}
