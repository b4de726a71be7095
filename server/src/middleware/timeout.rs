//! Ends requests whose handler does not begin to answer in time. Streams and WebSockets have answered by then.

use std::time::Duration;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use domain::{ErrorCode, tools::WAIT_MAX};

use crate::{AppState, http::Problem};

/// How long a tool may wait.
const LONGEST_WAIT: Duration = Duration::from_secs(WAIT_MAX as u64);

/// How long the request may take.
pub fn of(state: &AppState, request: &Request) -> Duration {
    let path = request.uri().path();
    // A tool may wait for a task or an answer before it answers.
    let waits = path.starts_with("/api/mcp/") || path == "/mcp";
    state.http.request_timeout + if waits { LONGEST_WAIT } else { Duration::ZERO }
}

/// The answer to a request that took longer.
pub fn passed() -> Response {
    let message = "The server took too long. What you asked for may still happen; look before you try again.";
    Problem::new(ErrorCode::Unavailable, message).into_response()
}
