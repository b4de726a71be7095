//! The methods of MCP: say who we are, list the tools, call one.

use std::time::Instant;

use domain::tools::{INSTRUCTIONS, IdempotencyKey, Tool, ToolError};
use http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, InitializeResult,
        ListToolsResult, PaginatedRequestParams, RequestMetaObject, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
};
use serde_json::Value;
use services::{Services, Worker};

use super::{Counters, catalogue};

/// Where Claude Code names the call: the same text when it repeats it.
const TOOL_USE_ID: &str = "claudecode/toolUseId";
/// How long a client may keep the list of tools, in milliseconds. It changes with the server's version only.
const LIST_TTL_MS: u64 = 300_000;

/// Answers one request. Made anew for each.
#[derive(Debug, Clone)]
pub struct Handler {
    services: Services,
    counters: Counters,
}

impl Handler {
    pub fn new(services: Services, counters: Counters) -> Self {
        Self { services, counters }
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        let name = Implementation::new("aiworker", env!("CARGO_PKG_VERSION")).with_title("AiWorker");
        InitializeResult::new(capabilities).with_server_info(name).with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(catalogue::all()).with_ttl_ms(LIST_TTL_MS))
    }

    fn get_tool(&self, name: &str) -> Option<rmcp::model::Tool> {
        name.parse().ok().and_then(catalogue::one)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let unknown = |_| ErrorData::invalid_params(format!("There is no tool {:?}.", request.name), None);
        let tool: Tool = request.name.parse().map_err(unknown)?;
        // A call may wait for long, and the rest keeps the request with the buffer that it was read into.
        let RequestContext { extensions, meta, ct, .. } = context;
        let worker = extensions.get::<Parts>().and_then(|parts| parts.extensions.get::<Worker>()).cloned();
        drop(extensions);
        let worker = worker.ok_or_else(|| ErrorData::internal_error("The call came from nobody.", None))?;
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        let began = Instant::now();
        let tools = self.services.tools();
        let outcome = tokio::select! {
            outcome = tools.call(&worker, tool, arguments, key_of(&meta)) => outcome,
            // Nobody is there to hear the answer. What the call changes is one transaction with a life of its own.
            () = ct.cancelled() => return Err(ErrorData::internal_error("The client went away.", None)),
        };
        let label = outcome.as_ref().map_or_else(|error| error.code.as_str(), |_| "ok");
        self.counters.called(tool, label, began.elapsed());
        Ok(outcome.map_or_else(|error| failure(&error), success).into())
    }
}

/// The answer as data, and the same as text for clients that know no structured content.
fn success(output: Value) -> CallToolResult {
    CallToolResult::structured(output)
}

/// An error that the agent shall read. As text only: structured content would have to be what the tool's schema says.
fn failure(error: &ToolError) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(serde_json::to_string(error).unwrap_or_default())])
}

fn key_of(meta: &RequestMetaObject) -> Option<IdempotencyKey> {
    meta.get(TOOL_USE_ID)?.as_str()?.parse().ok()
}
