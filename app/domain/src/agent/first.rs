//! The first of somebody's agents: for a list that does not show all of them at once.

use serde::{Deserialize, Serialize};

use super::{Agent, Phase};

/// The newest of somebody's agents, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstAgents {
    /// Newest first.
    pub agents: Vec<Agent>,
    /// How many there are of each phase, those that are not here among them; a phase that none is in may be missing.
    pub phases: Vec<(Phase, u32)>,
}

impl FirstAgents {
    /// Whether there are no others.
    pub fn is_all(&self) -> bool {
        self.phases.iter().map(|(_, number)| *number as usize).sum::<usize>() <= self.agents.len()
    }
}
