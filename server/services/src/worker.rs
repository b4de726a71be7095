//! Who calls a tool: an agent that has proved who it is, or its owner in its place.

use domain::{Actor, ActorKind, AgentId, ProjectId, UserId};

/// An agent that calls. What it may touch is what its owner owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// The agent.
    pub agent_id: AgentId,
    /// Its name.
    pub agent_name: String,
    /// Its owner.
    pub user_id: UserId,
    /// The project it works on.
    pub project_id: ProjectId,
}

impl Worker {
    /// The agent as timelines name it.
    pub(crate) fn actor(&self) -> Actor {
        Actor { kind: ActorKind::Agent, id: Some(self.agent_id.to_string()), name: self.agent_name.clone() }
    }
}
