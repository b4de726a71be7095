//! `/api/sessions`: the browsers that are signed in.

use axum::extract::State;
use domain::{Session, SessionId};
use services::Services;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Done, Envelope, Failures, Reply,
    extract::{PathId, SignedIn},
};
use crate::AppState;

/// The routes of sessions.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(revoke))
}

/// The browsers in which the caller is signed in.
#[utoipa::path(get, path = "/api/sessions", tag = "Account", operation_id = "list_sessions",
    responses((status = 200, body = Envelope<Vec<Session>>), Failures))]
async fn list(SignedIn(caller): SignedIn, State(services): State<Services>) -> Reply<Envelope<Vec<Session>>> {
    Ok(Envelope::of(services.accounts().sessions(&caller).await?))
}

/// Signs a browser out from here.
#[utoipa::path(delete, path = "/api/sessions/{id}", tag = "Account", operation_id = "revoke_session",
    params(("id" = SessionId, Path, description = "The session's public id.")),
    responses((status = 200, body = Envelope<Done>), Failures))]
async fn revoke(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<SessionId>,
) -> Reply<Envelope<Done>> {
    services.accounts().revoke_session(&caller, id).await?;
    Ok(Envelope::of(Done::new()))
}
