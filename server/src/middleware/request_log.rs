//! One line and two metrics per finished request. The route's pattern stands for the address: addresses hold ids and
//! whatever people paste into them. Reads that went well are the bulk and interest nobody: they are logged at `debug`.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    response::Response,
};
use http::Method;

use crate::metrics::Metrics;

/// What stands for the address when no route matched.
const NO_ROUTE: &str = "(none)";

/// A request that is not finished yet.
#[derive(Debug)]
pub struct Entry {
    began: Instant,
    method: Method,
    matched: Option<MatchedPath>,
}

impl Entry {
    /// Begins the entry.
    pub fn of(request: &Request) -> Self {
        let matched = request.extensions().get::<MatchedPath>().cloned();
        Self { began: Instant::now(), method: request.method().clone(), matched }
    }

    /// Writes it down.
    pub fn finish(self, metrics: &Metrics, response: &Response) {
        let Self { began, method, matched } = self;
        let reads_only = method.is_safe();
        let (route, took, status) =
            (matched.as_ref().map_or(NO_ROUTE, MatchedPath::as_str), began.elapsed(), response.status());
        metrics.request(route, &method, status, took);
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let code = status.as_u16();
        if status.is_server_error() {
            tracing::warn!(%method, route, status = code, milliseconds, "request failed on our side");
        } else if reads_only && status.is_success() {
            tracing::debug!(%method, route, status = code, milliseconds, "request answered");
        } else {
            tracing::info!(%method, route, status = code, milliseconds, "request answered");
        }
    }
}
