//! `/api/runtime`: what this installation can do for agents.

use axum::extract::State;
use domain::{RuntimeStatus, RuntimeTrouble};
use serde::Serialize;
use services::Services;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Envelope, Failures, Reply, extract::SignedIn};
use crate::AppState;

/// The routes of the runtime.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(status))
}

/// What agents run in, and how that is.
#[derive(Debug, Serialize, ToSchema)]
struct Runtime {
    #[serde(flatten)]
    status: RuntimeStatus,
    /// Why it cannot be worked with at the moment; nothing when it can.
    trouble: Option<RuntimeTrouble>,
}

/// Which runtime this is, what keeps agents apart, which limits hold, and whether it can be worked with.
#[utoipa::path(get, path = "/api/runtime", tag = "Installation", operation_id = "get_runtime",
    responses((status = 200, body = Envelope<Runtime>), Failures))]
async fn status(SignedIn(_caller): SignedIn, State(services): State<Services>) -> Reply<Envelope<Runtime>> {
    Ok(Envelope::of(Runtime { status: services.runtime_status(), trouble: services.runtime_trouble() }))
}
