//! The MCP server `aiworker` at `/mcp`: the agents' tools over Streamable HTTP.
//!
//! It keeps nothing between two calls, so any replica answers any of them and a restart costs a client at most one
//! repeated call. Both eras of the protocol are spoken. What the tools do is not decided here.

use axum::{Router, middleware::from_fn_with_state, routing::any_service};
use rmcp::transport::{StreamableHttpService, streamable_http_server::session::never::NeverSessionManager};

use crate::AppState;

mod catalogue;
mod counters;
mod gate;
mod handler;
mod transport;

pub use counters::Counters;
pub use transport::{Reach, configuration};

use handler::Handler;

/// Where agents reach it.
pub const PATH: &str = "/mcp";

/// The endpoint behind its gate.
pub fn router(state: &AppState) -> Router<AppState> {
    let handler = Handler::new(state.services.clone(), state.metrics.mcp().clone());
    let reach = Reach { hosts: state.http.hosts.clone(), origin: state.http.origin() };
    let configuration = configuration(&reach, state.http.body_limit, state.lifecycle.hard().clone());
    let service =
        StreamableHttpService::new(move || Ok(handler.clone()), NeverSessionManager::default().into(), configuration);
    Router::new().route(PATH, any_service(service)).layer(from_fn_with_state(state.clone(), gate::layer))
}
