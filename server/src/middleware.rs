//! What happens to every request before and after its handler, in one place.
//!
//! Two layers and not eight: each layer that a request is in while it waits costs kilobytes, and a thousand agents may wait.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tracing::Instrument as _;

use crate::AppState;

pub mod authenticate;
pub mod body_limit;
pub mod client;
pub mod origin_check;
pub mod request_id;
pub mod request_log;
pub mod security_headers;
pub mod timeout;

/// The outermost layer: what is said of every answer, in the log and in its headers.
pub async fn around(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (id, entry) = (request_id::next(&state), request_log::Entry::of(&request));
    let span = tracing::info_span!("request", id);
    let mut response = next.run(request).instrument(span.clone()).await;
    security_headers::add(&state, &mut response);
    span.in_scope(|| entry.finish(&state.metrics, &response));
    request_id::tell(&mut response, id);
    response
}

/// The layer before every handler: what must hold before it is asked, and how long it may take.
pub async fn before(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let limit = timeout::of(&state, &request);
    let answer = async move {
        client::note(&state, &mut request);
        // Before anything else refuses: an answer to a request that was not read to its end costs the connection.
        if let Err(refusal) = body_limit::read(&state, &mut request).await {
            return refusal;
        }
        match origin_check::check(&state, &request) {
            Ok(()) => next.run(request).await,
            Err(refusal) => refusal.into_response(),
        }
    };
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| timeout::passed())
}
