//! Launching an agent: the row, the first entry of its timeline, and a wake-up for the reconciler.

use domain::{Agent, AgentId, AgentMode, AuditAction, EventKind, LaunchAgent, LiveEvent, Outcome};
use store::{InsertAgent, NewAgent};

use crate::{
    Inner,
    caller::Caller,
    error::{Error, Object},
    policy::{self, Owner},
};

/// How often another name is proposed when somebody was faster to take it.
const NAME_TRIES: usize = 8;

impl Inner {
    pub(super) async fn launch(&self, caller: &Caller, owner: Owner, input: LaunchAgent) -> Result<Agent, Error> {
        let allowed = policy::may_run_agents(&caller.user, &self.runtime_status, self.settings.allow_unsandboxed);
        if let Err(refusal) = allowed {
            self.audit(caller, AuditAction::LaunchAgent, None, Outcome::Denied).await;
            return Err(refusal);
        }
        let LaunchAgent { project_id, name, start_command, mode, limits } = input;
        let project = self.project(owner, project_id).await?;
        let limits = limits.or(self.settings.agent_limits);
        let start_command = start_command.unwrap_or(match mode {
            AgentMode::Manual => project.start_command,
            // The project's is for a person at the terminal; empty means Claude Code here.
            AgentMode::Autopilot => String::new(),
        });
        let tries = if name.is_some() { 1 } else { NAME_TRIES };
        for _ in 0..tries {
            let name = match &name {
                Some(name) => name.clone(),
                None => self.free_agent_name(owner).await?,
            };
            let (id, created_at) = self.ids.next();
            let id = AgentId::from_uuid(id);
            let start_command = start_command.clone();
            let project_id = project.id;
            let agent = NewAgent { id, project_id, name, start_command, mode, limits, created_at };
            let event = self.agent_event(caller.actor(), id, EventKind::AgentLaunched);
            match self.store.insert_agent(owner.id(), &agent, self.settings.agents_per_user, &event).await? {
                InsertAgent::Inserted(agent) => return Ok(self.launched(caller, owner, *agent).await),
                InsertAgent::NameTaken => {}
                InsertAgent::LimitReached => return Err(Error::AgentLimit(self.settings.agents_per_user)),
                InsertAgent::ProjectNotFound => return Err(Error::NotFound(Object::Project)),
            }
        }
        Err(Error::name_taken("name", "You already have an agent with this name. Choose another one."))
    }

    async fn launched(&self, caller: &Caller, owner: Owner, agent: Agent) -> Agent {
        self.live.publish(owner.id(), LiveEvent::Agent(Box::new(agent.clone())));
        self.wake_ups.wake(agent.id);
        self.audit(caller, AuditAction::LaunchAgent, Some(agent.id.to_string()), Outcome::Ok).await;
        agent
    }
}
