//! `/api/agents`.

use axum::extract::State;
use domain::{Agent, AgentId, Event, LaunchAgent, RuntimeEvent};
use serde::{Deserialize, Serialize};
use services::Services;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Accepted, Envelope, Failures, Reply,
    extract::{Body, PathId, Query, SignedIn},
};
use crate::AppState;

/// Lines of the start-up log when the caller names no number.
const LOG_LINES: usize = 200;
/// Most lines of the start-up log in one answer.
const LOG_LINES_MAX: usize = 2000;

/// The routes of agents.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(launch))
        .routes(routes!(list))
        .routes(routes!(get, delete))
        .routes(routes!(stop))
        .routes(routes!(start))
        .routes(routes!(timeline))
        .routes(routes!(logs))
        .routes(routes!(runtime_events))
}

/// An agent that has just been launched.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Launched {
    /// The agent's id.
    agent_id: AgentId,
    /// What the runtime calls it.
    pod_name: String,
}

/// Launches an agent. The answer comes before the agent is up; its phase tells how far it is.
#[utoipa::path(post, path = "/api/agents/launch", tag = "Agents", operation_id = "launch_agent",
    request_body = LaunchAgent, responses((status = 202, body = Envelope<Launched>), Failures))]
async fn launch(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    Body(input): Body<LaunchAgent>,
) -> Reply<Accepted<Launched>> {
    let agent = services.agents().launch(&caller, input).await?;
    Ok(Accepted(Launched { agent_id: agent.id, pod_name: agent.pod_name }))
}

/// The caller's agents.
#[utoipa::path(get, path = "/api/agents/my", tag = "Agents", operation_id = "list_agents",
    responses((status = 200, body = Envelope<Vec<Agent>>), Failures))]
async fn list(SignedIn(caller): SignedIn, State(services): State<Services>) -> Reply<Envelope<Vec<Agent>>> {
    Ok(Envelope::of(services.agents().list(&caller).await?))
}

/// An agent.
#[utoipa::path(get, path = "/api/agents/{id}", tag = "Agents", operation_id = "get_agent",
    params(("id" = AgentId, Path, description = "The agent.")),
    responses((status = 200, body = Envelope<Agent>), Failures))]
async fn get(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<AgentId>,
) -> Reply<Envelope<Agent>> {
    Ok(Envelope::of(services.agents().get(&caller, id).await?))
}

/// Deletes an agent with its workspace. The answer comes before everything is gone.
#[utoipa::path(delete, path = "/api/agents/{id}", tag = "Agents", operation_id = "delete_agent",
    params(("id" = AgentId, Path, description = "The agent.")),
    responses((status = 202, body = Envelope<Agent>), Failures))]
async fn delete(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<AgentId>,
) -> Reply<Accepted<Agent>> {
    Ok(Accepted(services.agents().delete(&caller, id).await?))
}

/// Stops an agent and keeps its workspace.
#[utoipa::path(post, path = "/api/agents/{id}/stop", tag = "Agents", operation_id = "stop_agent",
    params(("id" = AgentId, Path, description = "The agent.")),
    responses((status = 200, body = Envelope<Agent>), Failures))]
async fn stop(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<AgentId>,
) -> Reply<Envelope<Agent>> {
    Ok(Envelope::of(services.agents().stop(&caller, id).await?))
}

/// Starts a stopped agent in its old workspace, or tries a failed one again.
#[utoipa::path(post, path = "/api/agents/{id}/start", tag = "Agents", operation_id = "start_agent",
    params(("id" = AgentId, Path, description = "The agent.")),
    responses((status = 200, body = Envelope<Agent>), Failures))]
async fn start(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<AgentId>,
) -> Reply<Envelope<Agent>> {
    Ok(Envelope::of(services.agents().start(&caller, id).await?))
}

/// What happened to an agent, newest last.
#[utoipa::path(get, path = "/api/agents/{id}/timeline", tag = "Agents", operation_id = "get_agent_timeline",
    params(("id" = AgentId, Path, description = "The agent.")),
    responses((status = 200, body = Envelope<Vec<Event>>), Failures))]
async fn timeline(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<AgentId>,
) -> Reply<Envelope<Vec<Event>>> {
    Ok(Envelope::of(services.agents().timeline(&caller, id).await?))
}

/// What the runtime says has happened to an agent lately, oldest first: the events of its pod and what belongs to it. The
/// runtime forgets; the timeline does not.
#[utoipa::path(get, path = "/api/agents/{id}/runtime-events", tag = "Agents", operation_id = "list_agent_runtime_events",
    params(("id" = AgentId, Path, description = "The agent.")),
    responses((status = 200, body = Envelope<Vec<RuntimeEvent>>), Failures))]
async fn runtime_events(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<AgentId>,
) -> Reply<Envelope<Vec<RuntimeEvent>>> {
    Ok(Envelope::of(services.agents().runtime_events(&caller, id).await?))
}

/// How much of a log to read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LogQuery {
    /// The number of last lines: at most 2000; 200 unless said.
    #[serde(default)]
    tail: Option<usize>,
}

/// The last lines that an agent's start-up printed.
#[utoipa::path(get, path = "/api/agents/{id}/logs", tag = "Agents", operation_id = "get_agent_logs",
    params(("id" = AgentId, Path, description = "The agent."), LogQuery),
    responses((status = 200, body = Envelope<String>), Failures))]
async fn logs(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<AgentId>,
    Query(query): Query<LogQuery>,
) -> Reply<Envelope<String>> {
    let tail = query.tail.unwrap_or(LOG_LINES).min(LOG_LINES_MAX);
    Ok(Envelope::of(services.agents().logs(&caller, id, tail).await?))
}
