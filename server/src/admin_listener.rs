//! The second listener, for machines that watch this one: `/metrics`, `/livez`, `/readyz`. Never public.

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use domain::Explanation;
use http::{StatusCode, header};
use store::SchemaState;

use crate::AppState;

/// What `OpenMetrics` text calls itself.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that answers on the admin address.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readiness))
        .route("/metrics", get(metrics))
        .with_state(state)
}

/// Whether requests should be sent here: the database answers and fits, and the server is not on its way down.
async fn readiness(State(state): State<AppState>) -> (StatusCode, String) {
    match not_ready_because(&state).await {
        // Pages, boards and the agents that run can be served without it, so this is no reason to send people away.
        None => match state.services.runtime_trouble() {
            Some(trouble) => {
                (StatusCode::OK, format!("ready\ndegraded: {}\n", Explanation::split(&trouble.message).sentence))
            }
            None => (StatusCode::OK, "ready\n".to_owned()),
        },
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
    }
}

async fn not_ready_because(state: &AppState) -> Option<String> {
    if state.lifecycle.is_draining() {
        return Some("stopping".to_owned());
    }
    match state.store.schema_state().await {
        Ok(SchemaState::Current) => None,
        Ok(SchemaState::Behind { pending }) => Some(format!("{} migrations are missing", pending.len())),
        Ok(SchemaState::Newer { .. }) => Some("the database belongs to a newer version".to_owned()),
        Err(error) => Some(error.to_string()),
    }
}

async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    let agents = state.store.all_agents().await;
    state.metrics.set_database_up(agents.is_ok());
    if let Ok(agents) = agents {
        state.metrics.set_agents(&agents);
    }
    let installation = state.services.installation();
    state.metrics.set_orphans(|kind| installation.orphan_count(kind));
    state.metrics.set_runtime_up(state.services.runtime_trouble().is_none());
    state.metrics.set_reconciles(state.services.is_in_office());
    state.metrics.set_neighbours(state.services.neighbour_count());
    state.metrics.set_waiting_calls(state.services.waiting_calls());
    match state.metrics.encode() {
        Ok(page) => ([(header::CONTENT_TYPE, OPEN_METRICS)], page).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
