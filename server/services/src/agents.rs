//! Use cases of agents. They write what is wanted and wake the reconciler, which makes it so.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{
    Agent, AgentId, AuditAction, Desired, Event, EventId, EventKind, FirstAgents, LaunchAgent, LiveEvent, Outcome,
    RuntimeEvent, Subject, agent_name,
};
use runtime::RuntimeError;
use store::NewEvent;
use tokio::sync::Notify;

use crate::{
    Inner,
    caller::Caller,
    entropy,
    error::{Error, Object},
    policy::{self, Action, Owner},
    to_the_end,
};

mod back_off;
mod calls;
mod heard;
mod launch;
mod observe;
mod orphans;
mod others;
mod queue;
mod reconcile;
mod reconciler;
mod restarts;
mod resync;
mod spec;
mod term;

pub(crate) use orphans::Orphans;
pub(crate) use reconcile::Halt;
pub use reconciler::Reconciler;
pub(crate) use spec::terminal_password;

/// How many agents a list gives whole. Of more, as many as are asked for: a page must not grow with what nobody reads.
const WHOLE_LIST: u32 = 200;
/// Entries of a timeline that are shown: the newest ones.
const TIMELINE_SHOWN: u32 = 500;
/// Lines of an agent's log that one question returns at most.
const LOG_LINES_MAX: usize = 2000;

/// Agents that the reconciler shall look at, and a bell.
#[derive(Debug, Default)]
pub(crate) struct WakeUps {
    ids: Mutex<HashSet<AgentId>>,
    bell: Notify,
}

impl WakeUps {
    pub(crate) fn wake(&self, id: AgentId) {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        self.bell.notify_one();
    }

    /// Waits for agents to look at.
    pub(crate) async fn next(&self) -> HashSet<AgentId> {
        self.bell.notified().await;
        std::mem::take(&mut *self.ids.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Use cases of agents.
#[derive(Clone)]
pub struct Agents(pub(crate) Arc<Inner>);

impl Agents {
    /// Launches an agent: writes it down and answers at once. It comes up by and by.
    pub async fn launch(&self, caller: &Caller, input: LaunchAgent) -> Result<Agent, Error> {
        let owner = policy::authorize(caller, Action::LaunchAgent)?;
        let input = input.validate()?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move { inner.launch(&caller, owner, input).await }).await
    }

    /// The caller's agents, oldest first, those that are being deleted among them.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Agent>, Error> {
        let owner = policy::authorize(caller, Action::ReadAgent)?;
        Ok(self.0.store.agents(owner.id()).await?)
    }

    /// The caller's newest agents, `rows` of them or all of a list that is not long, and how many there are of each phase.
    pub async fn first(&self, caller: &Caller, rows: u32) -> Result<FirstAgents, Error> {
        let owner = policy::authorize(caller, Action::ReadAgent)?;
        Ok(self.0.store.first_agents(owner.id(), rows, WHOLE_LIST).await?)
    }

    /// The caller's agent.
    pub async fn get(&self, caller: &Caller, id: AgentId) -> Result<Agent, Error> {
        let owner = policy::authorize(caller, Action::ReadAgent)?;
        self.0.agent(owner, id).await
    }

    /// Ends the caller's agent's processes and keeps its workspace.
    pub async fn stop(&self, caller: &Caller, id: AgentId) -> Result<Agent, Error> {
        let owner = policy::authorize(caller, Action::StopAgent)?;
        self.want(caller, owner, id, Desired::Stopped).await
    }

    /// Starts the caller's agent in its workspace. One that failed is tried again.
    pub async fn start(&self, caller: &Caller, id: AgentId) -> Result<Agent, Error> {
        let owner = policy::authorize(caller, Action::StartAgent)?;
        policy::may_run_agents(&caller.user, &self.0.runtime_status, self.0.settings.allow_unsandboxed)?;
        self.want(caller, owner, id, Desired::Running).await
    }

    /// Deletes the caller's agent with its workspace. It goes by and by; deletion is final.
    pub async fn delete(&self, caller: &Caller, id: AgentId) -> Result<Agent, Error> {
        let owner = policy::authorize(caller, Action::DeleteAgent)?;
        self.want(caller, owner, id, Desired::Deleted).await
    }

    /// The newest entries of the caller's agent's timeline, newest last.
    pub async fn timeline(&self, caller: &Caller, id: AgentId) -> Result<Vec<Event>, Error> {
        let owner = policy::authorize(caller, Action::ReadAgent)?;
        let agent = self.0.agent(owner, id).await?;
        Ok(self.0.store.events(owner.id(), Subject::Agent(agent.id), TIMELINE_SHOWN).await?)
    }

    /// The last lines that the start-up of the caller's agent printed; nothing when there are none.
    pub async fn logs(&self, caller: &Caller, id: AgentId, tail: usize) -> Result<String, Error> {
        let owner = policy::authorize(caller, Action::ReadAgent)?;
        let agent = self.0.agent(owner, id).await?;
        let logs = self.0.runtime.logs(agent.id, tail.min(LOG_LINES_MAX));
        match self.0.call_runtime("reading the log", logs).await {
            Err(RuntimeError::NotFound) => Ok(String::new()),
            logs => Ok(logs?),
        }
    }

    /// What the runtime says has happened to the caller's agent lately, oldest first; nothing when it says nothing.
    pub async fn runtime_events(&self, caller: &Caller, id: AgentId) -> Result<Vec<RuntimeEvent>, Error> {
        let owner = policy::authorize(caller, Action::ReadAgent)?;
        let agent = self.0.agent(owner, id).await?;
        match self.0.call_runtime("looking at the agent", self.0.runtime.observe(agent.id)).await {
            Err(RuntimeError::NotFound) => Ok(Vec::new()),
            seen => Ok(seen?.events),
        }
    }

    /// A name that none of the caller's agents has.
    pub async fn propose_name(&self, caller: &Caller) -> Result<String, Error> {
        let owner = policy::authorize(caller, Action::LaunchAgent)?;
        self.0.free_agent_name(owner).await
    }

    async fn want(&self, caller: &Caller, owner: Owner, id: AgentId, desired: Desired) -> Result<Agent, Error> {
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move { inner.want(&caller, owner, id, desired).await }).await
    }
}

impl Inner {
    /// The owner's agent, or the one answer for every other id.
    pub(crate) async fn agent(&self, owner: Owner, id: AgentId) -> Result<Agent, Error> {
        self.store.agent(owner.id(), id).await?.ok_or(Error::NotFound(Object::Agent))
    }

    async fn free_agent_name(&self, owner: Owner) -> Result<String, Error> {
        let agents = self.store.agents(owner.id()).await?;
        let taken: HashSet<_> = agents.iter().map(|agent| agent.name.as_str()).collect();
        Ok(agent_name::propose(entropy::seed(&*self.entropy), |name| taken.contains(name)))
    }

    /// Writes what is wanted, tells everyone, and wakes the reconciler. Asking for what is wanted already changes nothing.
    pub(crate) async fn want(
        &self,
        caller: &Caller,
        owner: Owner,
        id: AgentId,
        desired: Desired,
    ) -> Result<Agent, Error> {
        let before = self.agent(owner, id).await?;
        let (kind, action) = match desired {
            Desired::Running => (EventKind::AgentStartRequested, AuditAction::StartAgent),
            Desired::Stopped => (EventKind::AgentStopRequested, AuditAction::StopAgent),
            Desired::Deleted => (EventKind::AgentDeleteRequested, AuditAction::DeleteAgent),
        };
        let event = self.agent_event(caller.actor(), id, kind);
        let wanted = self.store.set_desired(owner.id(), id, desired, event.event.at, &event).await?;
        let Some(agent) = wanted else {
            // It was there a moment ago, so it is gone by now or on its way.
            let agent = self.agent(owner, id).await?;
            return Err(Error::InvalidTransition(format!("{} is being deleted; that cannot be undone.", agent.name)));
        };
        if agent.generation != before.generation {
            self.audit(caller, action, Some(id.to_string()), Outcome::Ok).await;
            self.live.publish(owner.id(), LiveEvent::Agent(Box::new(agent.clone())));
        }
        if desired != Desired::Running {
            self.give_back_all(id).await?;
        }
        self.wake_ups.wake(id);
        Ok(agent)
    }

    fn agent_event(&self, actor: domain::Actor, agent: AgentId, kind: EventKind) -> NewEvent {
        let (id, at) = self.ids.next();
        NewEvent { subject: Subject::Agent(agent), event: Event { id: EventId::from_uuid(id), at, actor, kind } }
    }
}

#[cfg(test)]
mod tests;
