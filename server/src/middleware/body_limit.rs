//! Reads every request body up to the limit before its handler runs, so that a handler sees all of it or nothing, and
//! server functions are limited like the JSON API.

use std::time::Duration;

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use domain::ErrorCode;
use http::{HeaderValue, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::{AppState, http::Problem};

/// How much of a body that is too large is still read, so that its sender, who may read no answer before all is sent,
/// sees why it was refused.
const DRAIN_LIMIT: usize = 16 * 1024 * 1024;
/// How long that may take.
const DRAIN_DEADLINE: Duration = Duration::from_secs(2);

/// Reads the body of the request, or refuses it.
pub async fn read(state: &AppState, request: &mut Request) -> Result<(), Response> {
    let limit = state.http.body_limit;
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut body = std::mem::take(request.body_mut());
    if announced.is_some_and(|length: u64| length > limit as u64) {
        return Err(too_large(limit, body).await);
    }
    match Limited::new(&mut body, limit).collect().await {
        Ok(read) => {
            *request.body_mut() = Body::from(read.to_bytes());
            Ok(())
        }
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit, body).await),
        Err(_) => Err(Problem::new(ErrorCode::InvalidJson, "The body ended before it was complete.").into_response()),
    }
}

/// Refuses a body after reading on for a while. What is left of it makes the connection useless, and its peer is told:
/// else it would send its next request into a connection that is about to close.
async fn too_large(limit: usize, body: Body) -> Response {
    let refusal = Problem::new(ErrorCode::PayloadTooLarge, format!("The body is larger than {} KiB.", limit / 1024));
    let mut response = refusal.into_response();
    if !timeout(DRAIN_DEADLINE, ends(body)).await.unwrap_or(false) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether the body comes to its end within the limit.
async fn ends(body: Body) -> bool {
    let mut rest = Limited::new(body, DRAIN_LIMIT);
    while let Some(frame) = rest.frame().await {
        if frame.is_err() {
            return false;
        }
    }
    true
}
