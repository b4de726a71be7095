//! Reads every request body up to the limit before its handler runs, so that a handler sees all of it or nothing, and
//! server functions are limited like the JSON API.

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::ErrorCode;
use http::header;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::{AppState, http::Problem};

/// The middleware.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let limit = state.http.body_limit;
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > limit as u64) {
        return too_large(limit).into_response();
    }
    let (parts, body) = request.into_parts();
    match Limited::new(body, limit).collect().await {
        Ok(body) => next.run(Request::from_parts(parts, Body::from(body.to_bytes()))).await,
        Err(error) if error.is::<LengthLimitError>() => too_large(limit).into_response(),
        Err(_) => Problem::new(ErrorCode::InvalidJson, "The body ended before it was complete.").into_response(),
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(ErrorCode::PayloadTooLarge, format!("The body is larger than {} KiB.", limit / 1024))
}
