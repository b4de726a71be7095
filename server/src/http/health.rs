//! `/api/health`: whether this process answers, without signing in. Readiness is on the admin listener.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Envelope;
use crate::AppState;

/// The routes of health.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(health))
}

/// That the server answers.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// Always `ok`.
    status: &'static str,
    /// The server's version.
    version: &'static str,
}

/// Whether the server answers.
#[utoipa::path(get, path = "/api/health", tag = "Installation", operation_id = "get_health", security(()),
    responses((status = 200, body = Envelope<Health>)))]
async fn health() -> Envelope<Health> {
    Envelope::of(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}
