//! Agents.

use domain::{Agent, AgentId, LaunchAgent};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::context;
use super::timeline::Entry;
use crate::error::ApiError;

/// How many lines of an agent's log are shown.
#[cfg(feature = "ssr")]
const LOG_LINES: usize = 200;

/// The caller's agents.
#[server(name = ListAgents, prefix = "/_fn", endpoint = "agents/list")]
pub async fn list_agents() -> Result<Vec<Agent>, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.agents().list(&caller).await?)
}

/// One agent.
#[server(name = GetAgent, prefix = "/_fn", endpoint = "agents/get")]
pub async fn get_agent(id: AgentId) -> Result<Agent, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.agents().get(&caller, id).await?)
}

/// Launches an agent. Answers before it is up. A form cannot leave a field out, so an empty start command means the
/// project's.
#[server(name = Launch, prefix = "/_fn", endpoint = "agents/launch")]
pub async fn launch_agent(input: LaunchAgent) -> Result<Agent, ApiError> {
    let caller = context::caller()?;
    let start_command = input.start_command.filter(|command| !command.trim().is_empty());
    let agent = context::services()?.agents().launch(&caller, LaunchAgent { start_command, ..input }).await?;
    context::form_goes_to("/agents");
    Ok(agent)
}

/// Asks for an agent to stop.
#[server(name = StopAgent, prefix = "/_fn", endpoint = "agents/stop")]
pub async fn stop_agent(id: AgentId) -> Result<Agent, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.agents().stop(&caller, id).await?)
}

/// Asks for an agent to start.
#[server(name = StartAgent, prefix = "/_fn", endpoint = "agents/start")]
pub async fn start_agent(id: AgentId) -> Result<Agent, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.agents().start(&caller, id).await?)
}

/// Asks for an agent to be deleted with its workspace.
#[server(name = DeleteAgent, prefix = "/_fn", endpoint = "agents/delete")]
pub async fn delete_agent(id: AgentId) -> Result<(), ApiError> {
    let caller = context::caller()?;
    context::services()?.agents().delete(&caller, id).await?;
    context::form_goes_to("/agents");
    Ok(())
}

/// What happened to an agent, oldest first.
#[server(name = AgentTimeline, prefix = "/_fn", endpoint = "agents/timeline")]
pub async fn agent_timeline(id: AgentId) -> Result<Vec<Entry>, ApiError> {
    let caller = context::caller()?;
    let events = context::services()?.agents().timeline(&caller, id).await?;
    Ok(events.into_iter().map(Entry::from).collect())
}

/// The last lines that an agent's start-up printed.
#[server(name = AgentLogs, prefix = "/_fn", endpoint = "agents/logs")]
pub async fn agent_logs(id: AgentId) -> Result<String, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.agents().logs(&caller, id, LOG_LINES).await?)
}

/// A good name that none of the caller's agents has.
#[server(name = ProposeAgentName, prefix = "/_fn", endpoint = "agents/propose_name")]
pub async fn propose_agent_name() -> Result<String, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.agents().propose_name(&caller).await?)
}
