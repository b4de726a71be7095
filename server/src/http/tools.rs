//! `/api/mcp/{tool}`: the tools of agents as plain JSON, for scripts and for bridges.

use axum::{
    body::Bytes,
    extract::{Extension, RawPathParams, State},
};
use domain::{
    AgentId, ErrorCode,
    tools::{IdempotencyKey, Tool},
};
use http::HeaderMap;
use serde_json::{Map, Value};
use services::{Caller, Worker};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Envelope, Failures, Problem, Reply, extract::json_of};
use crate::AppState;

/// The header by which a client says that a call is one it made before.
const KEY_HEADER: &str = "idempotency-key";
/// The argument by which an owner says for which agent a tool is called.
const AGENT_ARGUMENT: &str = "agentId";

/// The routes of tools.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(call))
}

/// What a tool answers: what its output schema says.
#[derive(Debug, serde::Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
struct ToolAnswer(Value);

/// The arguments of a tool; a person adds `agentId`, an agent of theirs.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it only describes the body, which depends on the tool")]
#[schema(value_type = Object)]
struct ToolArguments(Map<String, Value>);

/// Calls a tool: with an agent's token, or for one of your agents with `agentId` among the arguments.
#[utoipa::path(post, path = "/api/mcp/{tool}", tag = "Questions", operation_id = "call_tool",
    params(
        ("tool" = String, Path, description = "The tool's name, such as `get_next_task`."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same for a repeated call, which gets the first answer."),
    ),
    request_body = ToolArguments, responses((status = 200, body = Envelope<ToolAnswer>), Failures))]
async fn call(
    worker: Option<Extension<Worker>>,
    caller: Option<Extension<Caller>>,
    State(state): State<AppState>,
    path: RawPathParams,
    headers: HeaderMap,
    body: Bytes,
) -> Reply<Envelope<ToolAnswer>> {
    // Before anything else is said: strangers learn nothing.
    if worker.is_none() && caller.is_none() {
        return Err(Problem::unauthorized());
    }
    let tool = path.iter().find(|(name, _)| *name == "tool").and_then(|(_, name)| name.parse::<Tool>().ok());
    let tool = tool.ok_or_else(Problem::not_found)?;
    let mut arguments: Map<String, Value> = if body.is_empty() { Map::new() } else { json_of(&headers, &body)? };
    let agent = arguments.remove(AGENT_ARGUMENT);
    let worker = match (worker, caller) {
        (Some(Extension(worker)), _) => own(worker, agent.as_ref())?,
        (None, Some(Extension(caller))) => {
            let agent = agent.as_ref().and_then(Value::as_str);
            let missing = || Problem::new(ErrorCode::Invalid, "Name one of your agents as agentId.");
            let agent: AgentId = agent.ok_or_else(missing)?.parse().map_err(|_| Problem::not_found())?;
            let worker = state.services.tools().in_place_of(&caller, agent).await;
            worker.map_err(|error| Problem::from(error).for_tools())?
        }
        (None, None) => return Err(Problem::unauthorized()),
    };
    let key = key_of(&headers)?;
    // A call may wait for long, and these keep the buffer that the request was read into.
    drop((headers, body));
    if state.lifecycle.is_draining() {
        return Err(Problem::restarting());
    }
    let tools = state.services.tools();
    tokio::select! {
        answer = tools.call(&worker, tool, Value::Object(arguments), key) => Ok(Envelope::of(ToolAnswer(answer?))),
        () = state.lifecycle.waiting_over() => Err(Problem::restarting()),
    }
}

/// An agent may name itself and nobody else.
fn own(worker: Worker, named: Option<&Value>) -> Result<Worker, Problem> {
    match named {
        None => Ok(worker),
        Some(id) if id.as_str() == Some(worker.agent_id.to_string().as_str()) => Ok(worker),
        Some(_) => Err(Problem::not_found()),
    }
}

fn key_of(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = headers.get(KEY_HEADER) else { return Ok(None) };
    let key = value.to_str().map_err(|_| "Use visible ASCII characters.".to_owned()).and_then(str::parse);
    key.map(Some).map_err(|complaint| Problem::new(ErrorCode::Invalid, format!("Idempotency-Key: {complaint}")))
}
