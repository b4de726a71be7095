//! `/api/runtime`: what this installation can do for agents.

use axum::extract::State;
use domain::RuntimeStatus;
use services::Services;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Envelope, Failures, Reply, extract::SignedIn};
use crate::AppState;

/// The routes of the runtime.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(status))
}

/// Which runtime this is, what keeps agents apart, and which limits hold.
#[utoipa::path(get, path = "/api/runtime", tag = "Installation", operation_id = "get_runtime",
    responses((status = 200, body = Envelope<RuntimeStatus>), Failures))]
async fn status(SignedIn(_caller): SignedIn, State(services): State<Services>) -> Reply<Envelope<RuntimeStatus>> {
    Ok(Envelope::of(services.runtime_status()))
}
