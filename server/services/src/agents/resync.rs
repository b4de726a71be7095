//! All agents at once, now and then, even though nothing happened: what no event told is found, and what is left over is dealt
//! with. Where the runtime finds those that are up together, those that are as they shall be cost nothing more.

use std::collections::{HashMap, HashSet};

use domain::{Agent, AgentId, Desired, Observation, Step, TaskState, Timestamp};
use store::StoreError;

use super::restarts::Ledger;
use crate::{Inner, leases::phase_at_work, policy};

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Resynced {
    /// Agents that somebody must look at.
    pub unsettled: HashSet<AgentId>,
    /// What the runtime said of some of them.
    pub found: Vec<Observation>,
}

/// What the database knows of all agents beside their rows.
struct Known {
    /// The states of the tasks that each holds.
    work: HashMap<AgentId, Vec<TaskState>>,
    /// When each one's terminal was read last.
    kept: HashMap<AgentId, Timestamp>,
}

impl Inner {
    /// Deals with what is left over, and says who must be looked at.
    pub(super) async fn resync(&self, ledger: &Ledger) -> Resynced {
        let up = self.remove_orphans(|| ledger.is_in_office(self.clock.now())).await.unwrap_or_else(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "orphans could not be dealt with");
            Vec::new()
        });
        if let Err(error) = self.forget_terminals().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "old terminals could not be forgotten");
        }
        // A server may have been killed between the last agent of an account and the rest of it.
        if let Err(error) = self.erase_users().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "accounts that are being deleted could not be read"
            );
        }
        self.find_unsettled(up).await.unwrap_or_else(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "the agents could not be read");
            Resynced::default()
        })
    }

    async fn find_unsettled(&self, up: Vec<Observation>) -> Result<Resynced, StoreError> {
        let found: HashMap<_, _> = up.into_iter().map(|seen| (seen.agent_id, seen)).collect();
        let known = if found.is_empty() { None } else { Some(self.known_of_all().await?) };
        let is_settled =
            |agent: &Agent| known.as_ref().is_some_and(|known| self.is_settled(agent, found.get(&agent.id), known));
        let agents = self.store.all_agents().await?;
        let unsettled: HashSet<_> = agents.iter().filter(|agent| !is_settled(agent)).map(|agent| agent.id).collect();
        let found = found.into_values().filter(|seen| unsettled.contains(&seen.agent_id)).collect();
        Ok(Resynced { unsettled, found })
    }

    async fn known_of_all(&self) -> Result<Known, StoreError> {
        let (held, kept) = (self.store.held_states().await?, self.store.terminals_kept_at().await?);
        let mut work: HashMap<_, Vec<_>> = HashMap::new();
        for (agent, state) in held {
            work.entry(agent).or_default().push(state);
        }
        Ok(Known { work, kept: kept.into_iter().collect() })
    }

    /// Whether a look at the agent would find nothing to do.
    fn is_settled(&self, agent: &Agent, seen: Option<&Observation>, known: &Known) -> bool {
        let Some(seen) = seen else { return false };
        let told = (agent.reason, agent.message.as_str(), agent.step);
        let work = known.work.get(&agent.id).map_or(&[][..], Vec::as_slice);
        agent.desired == Desired::Running
            && agent.phase == phase_at_work(work)
            && told == (seen.reason, seen.message.as_str(), Some(Step::Ready))
            && !self.is_terminal_due(agent, known.kept.get(&agent.id).copied())
            && policy::runs_for_everyone(&self.runtime_status, self.settings.allow_unsandboxed)
    }
}
