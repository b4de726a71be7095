//! Agents: what is wanted of them and what was observed.

use domain::{Agent, AgentId, Desired, Timestamp, UserId};

use crate::{InsertAgent, LaunchFacts, NewAgent, NewEvent, PhaseChange, Result, Store};

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
        let _ = (owner, agent, limit, event);
        todo!()
    }

    /// The owner's agent.
    pub async fn agent(&self, owner: UserId, id: AgentId) -> Result<Option<Agent>> {
        let _ = (owner, id);
        todo!()
    }

    /// The agent, whoever owns it. For the reconciler only.
    pub async fn agent_unscoped(&self, id: AgentId) -> Result<Option<Agent>> {
        let _ = id;
        todo!()
    }

    /// The owner's agents, oldest first, those that shall be deleted among them.
    pub async fn agents(&self, owner: UserId) -> Result<Vec<Agent>> {
        let _ = owner;
        todo!()
    }

    /// Every agent of everybody, oldest first. For the reconciler only.
    pub async fn all_agents(&self) -> Result<Vec<Agent>> {
        todo!()
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
        let _ = (owner, id, desired, now, event);
        todo!()
    }

    /// Notes what was observed. None when that is nothing new, or the agent has moved on or is gone. `phase_since` moves
    /// only when the phase does.
    pub async fn set_phase(&self, change: &PhaseChange, event: Option<&NewEvent>) -> Result<Option<Agent>> {
        let _ = (change, event);
        todo!()
    }

    /// Removes the agent's row with its timeline. For the reconciler, when the runtime has nothing left of it.
    pub async fn delete_agent(&self, id: AgentId) -> Result<bool> {
        let _ = id;
        todo!()
    }

    /// What a runtime must know to start the agent.
    pub async fn agent_launch_facts(&self, id: AgentId) -> Result<Option<LaunchFacts>> {
        let _ = id;
        todo!()
    }
}
