//! `/api/audit`: the audit log, for admins.

use axum::extract::State;
use domain::AuditEvent;
use serde::Deserialize;
use services::Services;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Envelope, Failures, Reply,
    extract::{Query, SignedIn},
};
use crate::AppState;

/// Entries when the caller names no number.
const ENTRIES: u32 = 100;
/// Most entries in one answer.
const ENTRIES_MAX: u32 = 1000;

/// The routes of the audit log.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// How much of the log to read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// The number of newest entries: at most 1000; 100 unless said.
    #[serde(default)]
    limit: Option<u32>,
}

/// The newest entries of the audit log, newest first.
#[utoipa::path(get, path = "/api/audit", tag = "Installation", operation_id = "list_audit_events",
    params(AuditQuery), responses((status = 200, body = Envelope<Vec<AuditEvent>>), Failures))]
async fn list(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    Query(query): Query<AuditQuery>,
) -> Reply<Envelope<Vec<AuditEvent>>> {
    let limit = query.limit.unwrap_or(ENTRIES).min(ENTRIES_MAX);
    Ok(Envelope::of(services.accounts().audit(&caller, limit).await?))
}
