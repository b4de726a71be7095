//! The server that the suite wants to meet. What its scenarios do not ask for, it does not have.
#![expect(deprecated, reason = "the older revision has what the current one no longer has")]

mod answers;
mod asking;
mod catalogue;
mod prompts;
mod resources;
mod rounds;
mod talking;

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, GetPromptRequestParams, GetPromptResponse,
        Implementation, InitializeResult, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
        ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerConfig,
        SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams,
    },
    service::{RequestContext, SubscriptionContext},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::watch;

/// How often each list has changed since the server began.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lists {
    tools: u32,
    prompts: u32,
}

/// Answers the requests of one call, or of one session where there are any.
#[derive(Debug)]
pub struct Fixture {
    lists: watch::Sender<Lists>,
    /// As they were when the call came, so that no change is missed between its acknowledgement and the first look.
    known: Lists,
}

impl Fixture {
    pub fn new(lists: watch::Sender<Lists>) -> Self {
        let known = *lists.borrow();
        Self { lists, known }
    }
}

impl ServerHandler for Fixture {
    fn get_info(&self) -> ServerConfig {
        let capabilities = typed(json!({
            "tools": { "listChanged": true },
            "prompts": { "listChanged": true },
            "resources": { "subscribe": true },
            "completions": {},
            "logging": {},
        }));
        InitializeResult::new(capabilities).with_server_info(Implementation::new("conformance-fixture", "1"))
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(catalogue::tools()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        catalogue::tools().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.as_ref();
        match name {
            "test_trigger_tool_change" => self.lists.send_modify(|lists| lists.tools += 1),
            "test_trigger_prompt_change" => self.lists.send_modify(|lists| lists.prompts += 1),
            _ => {}
        }
        if let Some(answer) = answers::of(name) {
            return Ok(result::<CallToolResult>(answer).into());
        }
        if let Some(answer) = rounds::of_tool(&request, &context)? {
            return Ok(answer);
        }
        if let Some(question) = asking::request_of(name, request.arguments.as_ref()) {
            return Ok(asking::ask(&context.peer, question).await?.into());
        }
        talking::call(name, &context).await
    }

    async fn list_prompts(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::all()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(&request)
    }

    async fn list_resources(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(resources::all()))
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(&request.uri)
    }

    async fn subscribe(
        &self,
        _request: SubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(
        &self,
        _request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn set_level(
        &self,
        _request: SetLevelRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let (mut lists, mut known) = (self.lists.subscribe(), self.known);
        loop {
            let now = *lists.borrow_and_update();
            // What the client did not ask to hear is refused by the sink.
            if now.tools != known.tools {
                let _ = subscription.sink().notify_tool_list_changed().await;
            }
            if now.prompts != known.prompts {
                let _ = subscription.sink().notify_prompt_list_changed().await;
            }
            known = now;
            tokio::select! {
                changed = lists.changed() => if changed.is_err() { return Ok(()) },
                () = subscription.cancelled() => return Ok(()),
            }
        }
    }
}

/// An answer. The current revision wants to be told that it is one; of the older one's answers this is taken off again.
fn result<T: DeserializeOwned>(mut message: Value) -> T {
    message["resultType"] = json!("complete");
    typed(message)
}

/// A message of the protocol from the JSON that the specification shows.
fn typed<T: DeserializeOwned>(message: Value) -> T {
    serde_json::from_value(message).expect("the fixture's messages are of the protocol")
}
