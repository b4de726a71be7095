//! Who may use `/mcp`: agents, by the token they were launched with, while the server is not on its way down.
//!
//! Cookies are not looked at, so no browser can be made to call a tool in its user's name.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::ErrorCode;
use http::{HeaderMap, HeaderValue, header};

use crate::{AppState, http::Problem, middleware::authenticate::bearer};

/// What RFC 6750 says to a token that does not work. No authorization server is named, for there is none.
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Bearer error="invalid_token""#);

/// The middleware.
pub async fn layer(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    if state.lifecycle.is_draining() {
        return Problem::restarting().into_response();
    }
    match worker(&state, request.headers()).await {
        Ok(worker) => request.extensions_mut().insert(worker),
        Err(problem) => return refused(problem),
    };
    tokio::select! {
        // The hard stop also breaks off what is inside, which would then be answered as a fault of ours.
        biased;
        () = state.lifecycle.waiting_over() => Problem::restarting().into_response(),
        response = next.run(request) => response,
    }
}

async fn worker(state: &AppState, headers: &HeaderMap) -> Result<services::Worker, Problem> {
    let secret = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    let secret = secret.ok_or_else(Problem::unauthorized)?;
    let worker =
        state.services.tokens().authenticate_agent(secret).await.map_err(|error| Problem::from(error).for_tools())?;
    worker.ok_or_else(Problem::unauthorized)
}

fn refused(problem: Problem) -> Response {
    let unauthorized = problem.code() == ErrorCode::Unauthorized;
    let mut response = problem.into_response();
    if unauthorized {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
    }
    response
}
