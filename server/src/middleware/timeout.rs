//! Ends requests whose handler does not begin to answer in time. Streams and WebSockets have answered by then.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::ErrorCode;

use crate::{AppState, http::Problem};

/// The middleware.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let Ok(response) = tokio::time::timeout(state.http.request_timeout, next.run(request)).await else {
        let message = "The server took too long. What you asked for may still happen; look before you try again.";
        return Problem::new(ErrorCode::Unavailable, message).into_response();
    };
    response
}
