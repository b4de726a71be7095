//! Agents.

use domain::{
    Agent, AgentId, FirstAgents, LaunchAgent,
    terminal::{KeptTerminal, KeptText},
};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::context;
use super::fields::Fields;
use super::timeline::Entry;
use crate::error::ApiError;

/// How many lines of an agent's log are shown.
#[cfg(feature = "ssr")]
const LOG_LINES: usize = 200;

/// How much of what was on a terminal is shown on a page, in bytes from its end. The file has all of it.
#[cfg(feature = "ssr")]
const SHOWN_OF_TERMINAL: usize = 64 * 1024;

/// The caller's newest agents, `rows` of them or all of a list that is not long, and how many there are of each phase.
#[server(name = FirstAgentsOf, prefix = "/_fn", endpoint = "agents/first", input = Fields)]
pub async fn first_agents(rows: u32) -> Result<FirstAgents, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.agents().first(&caller, rows).await?)
}

/// The caller's agents, oldest first.
#[server(name = ListAgents, prefix = "/_fn", endpoint = "agents/list", input = Fields)]
pub async fn list_agents() -> Result<Vec<Agent>, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.agents().list(&caller).await?)
}

/// One agent.
#[server(name = GetAgent, prefix = "/_fn", endpoint = "agents/get", input = Fields)]
pub async fn get_agent(id: AgentId) -> Result<Agent, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.agents().get(&caller, id).await?)
}

/// Launches an agent. Answers before it is up. A form cannot leave a field out, so an empty start command means the
/// project's.
#[server(name = Launch, prefix = "/_fn", endpoint = "agents/launch", input = Fields)]
pub async fn launch_agent(input: LaunchAgent) -> Result<Agent, ApiError> {
    let caller = context::caller()?;
    let start_command = input.start_command.filter(|command| !command.trim().is_empty());
    let agent = context::services()?.agents().launch(&caller, LaunchAgent { start_command, ..input }).await?;
    context::form_goes_to("/agents");
    Ok(agent)
}

/// Asks for an agent to stop.
#[server(name = StopAgent, prefix = "/_fn", endpoint = "agents/stop", input = Fields)]
pub async fn stop_agent(id: AgentId) -> Result<Agent, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.agents().stop(&caller, id).await?)
}

/// Asks for an agent to start.
#[server(name = StartAgent, prefix = "/_fn", endpoint = "agents/start", input = Fields)]
pub async fn start_agent(id: AgentId) -> Result<Agent, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.agents().start(&caller, id).await?)
}

/// Asks for an agent to be deleted with its workspace.
#[server(name = DeleteAgent, prefix = "/_fn", endpoint = "agents/delete", input = Fields)]
pub async fn delete_agent(id: AgentId) -> Result<(), ApiError> {
    let caller = context::caller()?;
    context::services()?.agents().delete(&caller, id).await?;
    context::form_goes_to("/agents");
    Ok(())
}

/// What happened to an agent, oldest first.
#[server(name = AgentTimeline, prefix = "/_fn", endpoint = "agents/timeline", input = Fields)]
pub async fn agent_timeline(id: AgentId) -> Result<Vec<Entry>, ApiError> {
    let caller = context::caller()?;
    let events = context::services()?.agents().timeline(&caller, id).await?;
    Ok(events.into_iter().map(Entry::from).collect())
}

/// The last lines that an agent's start-up printed.
#[server(name = AgentLogs, prefix = "/_fn", endpoint = "agents/logs", input = Fields)]
pub async fn agent_logs(id: AgentId) -> Result<String, ApiError> {
    let caller = context::caller()?;
    context::of_a_part(context::services()?.agents().logs(&caller, id, LOG_LINES).await)
}

/// An agent, and what was last on its terminal if it has none now. Of an agent that is gone, only that is left.
#[server(name = AgentTerminal, prefix = "/_fn", endpoint = "agents/terminal", input = Fields)]
pub async fn agent_terminal(id: AgentId) -> Result<(Option<Agent>, Option<KeptText>), ApiError> {
    let (caller, services) = (context::caller()?, context::services()?);
    let kept = services.terminals().kept(&caller, id).await?;
    let agent = match services.agents().get(&caller, id).await {
        Err(error) if kept.is_some() && error.code() == domain::ErrorCode::NotFound => None,
        agent => Some(agent?),
    };
    let kept = kept.filter(|_| agent.as_ref().is_none_or(|agent| !agent.phase.has_terminal()));
    let kept = kept.map(|KeptText { of, text }| {
        let text = domain::terminal::tail(&text, SHOWN_OF_TERMINAL).to_owned();
        KeptText { of, text }
    });
    Ok((agent, kept))
}

/// The caller's agents that are gone and of whose terminals something is left.
#[server(name = GoneAgents, prefix = "/_fn", endpoint = "agents/gone", input = Fields)]
pub async fn gone_agents() -> Result<Vec<KeptTerminal>, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.terminals().kept_of_gone_agents(&caller).await?)
}

/// A good name that none of the caller's agents has.
#[server(name = ProposeAgentName, prefix = "/_fn", endpoint = "agents/propose_name", input = Fields)]
pub async fn propose_agent_name() -> Result<String, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.agents().propose_name(&caller).await?)
}
