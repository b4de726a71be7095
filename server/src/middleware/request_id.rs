//! Gives every request an id that is in its answer and in every line of its log, so that the two can be matched.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::response::Response;
use http::{HeaderName, HeaderValue};

use crate::AppState;

/// The header of the answer that carries the id.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A new id.
pub fn next(state: &AppState) -> String {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{:08x}-{number:x}", state.http.request_id_prefix)
}

/// Says in the answer which request it is for.
pub fn tell(response: &mut Response, id: String) {
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(HEADER, value);
    }
}
