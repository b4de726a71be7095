//! One line and two metrics per finished request. The route's pattern stands for the address: addresses hold ids and
//! whatever people paste into them.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};

use crate::metrics::Metrics;

/// What stands for the address when no route matched.
const NO_ROUTE: &str = "(none)";

/// The middleware.
pub async fn layer(
    State(metrics): State<Metrics>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let response = next.run(request).await;
    let (route, took, status) = (matched.as_ref().map_or(NO_ROUTE, MatchedPath::as_str), began.elapsed(), response.status());
    metrics.request(route, &method, status, took);
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if status.is_server_error() {
        tracing::warn!(%method, route, status = status.as_u16(), milliseconds, "request failed on our side");
    } else {
        tracing::debug!(%method, route, status = status.as_u16(), milliseconds, "request answered");
    }
    response
}
