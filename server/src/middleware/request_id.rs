//! Gives every request an id that is in its answer and in every line of its log, so that the two can be matched.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue};
use tracing::Instrument;

use crate::AppState;

/// The header of the answer that carries the id.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The middleware.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let id = format!("{:08x}-{number:x}", state.http.request_id_prefix);
    let span = tracing::info_span!("request", id);
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}
