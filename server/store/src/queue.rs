//! The queue: how agents take tasks, hold them, and write about them.

use domain::{AgentId, Task, TaskState, Timestamp, UserId};

use crate::{
    Answered, ClaimRequest, Claimed, Result, Store, TaskFilter, Work, Written,
    columns::{id, millis, moment, name_of, named},
    rows::{
        claim::ClaimRows,
        task::{FilterRow, TaskRows},
        work::WorkRows,
    },
};

impl Store {
    /// Gives every agent the owner's first task that may be handed out, by priority and then by age, or the one that it
    /// holds; the answers are in the order of the agents. Who takes one is at work from then on. Holds for any number of
    /// claims at once: no task is given to two agents.
    pub async fn claim_tasks(&self, request: &ClaimRequest) -> Result<Vec<Claimed>> {
        let rows = ClaimRows::try_from(request)?;
        dispatch!(self, claims::claim(&rows))?.into_iter().map(Claimed::try_from).collect()
    }

    /// Writes what a call changes, as a whole or not at all. [`Conflict`](crate::StoreError::Conflict) when the call was
    /// answered before.
    pub async fn write_work(&self, work: &Work) -> Result<Written> {
        let rows = WorkRows::try_from(work)?;
        dispatch!(self, work::write(&rows))
    }

    /// Makes the agent's leases last until `until`, when one of them would end before `soon`.
    pub async fn renew_leases(&self, agent: AgentId, now: Timestamp, soon: Timestamp, until: Timestamp) -> Result<()> {
        let (agent, now, soon, until) = (agent.to_string(), millis(now), millis(soon), millis(until));
        dispatch!(self, work::renew_if_soon(&agent, now, soon, until))
    }

    /// Makes the agent's leases end at `until` at the latest.
    pub async fn cut_leases(&self, agent: AgentId, until: Timestamp) -> Result<()> {
        let (agent, until) = (agent.to_string(), millis(until));
        dispatch!(self, work::cut(&agent, until))
    }

    /// The tasks that the agent holds, the last one that it took first, with their owners.
    pub async fn tasks_held_by(&self, agent: AgentId) -> Result<Vec<(UserId, Task)>> {
        let agent = agent.to_string();
        dispatch!(self, work::tasks_of(&agent))?.into_iter().map(owned).collect()
    }

    /// The state of every task that an agent holds, with that agent. For the reconciler only.
    pub async fn held_states(&self) -> Result<Vec<(AgentId, TaskState)>> {
        let rows = dispatch!(self, work::held_states())?;
        rows.into_iter().map(|(agent, state)| Ok((id("agent id", &agent)?, named("task state", &state)?))).collect()
    }

    /// Tasks of everybody whose lease has expired, with their owners. For the reaper only.
    pub async fn expired_leases(&self, now: Timestamp, limit: u32) -> Result<Vec<(UserId, Task)>> {
        let (now, limit) = (millis(now), i64::from(limit));
        dispatch!(self, work::expired(now, limit))?.into_iter().map(owned).collect()
    }

    /// What the agent was answered to the call with this key.
    pub async fn answered_call(&self, agent: AgentId, key: &str) -> Result<Option<Answered>> {
        let (text, key) = (agent.to_string(), key.to_owned());
        let found = dispatch!(self, work::answered(&text, &key))?;
        let answered = found.map(|row| {
            Ok(Answered {
                agent_id: agent,
                key: row.call_key,
                fingerprint: row.fingerprint,
                answer: row.answer,
                at: moment("time of a call", row.created_at)?,
            })
        });
        answered.transpose()
    }

    /// Forgets the answers to calls before `before`, and says how many there were.
    pub async fn forget_answered_calls(&self, before: Timestamp) -> Result<usize> {
        let before = millis(before);
        dispatch!(self, work::forget_answered(before))
    }

    /// The owner's tasks that fit, by priority, then oldest first. What they wait for is left out.
    pub async fn find_tasks(&self, owner: UserId, filter: &TaskFilter) -> Result<Vec<Task>> {
        let owner = owner.to_string();
        let row = FilterRow {
            project_id: filter.project_id.map(|id| id.to_string()),
            state: filter.state.as_ref().map(name_of),
            parent_id: filter.parent_id.map(|id| id.to_string()),
            after: filter.after.map(|(priority, id)| (priority.rank(), id.to_string())),
            limit: filter.limit.into(),
        };
        dispatch!(self, tasks::search(&owner, &row))?.into_iter().map(Task::try_from).collect()
    }
}

fn owned((owner, rows): (String, TaskRows)) -> Result<(UserId, Task)> {
    Ok((id("user id", &owner)?, rows.try_into()?))
}
