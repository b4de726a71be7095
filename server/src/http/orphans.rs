//! `/api/orphans`: what the runtime has and the database does not know, and the other way round; for admins.

use axum::extract::State;
use domain::{AgentId, Orphan};
use services::Services;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Done, Envelope, Failures, Reply,
    extract::{PathId, SignedIn},
};
use crate::AppState;

/// The routes of orphans.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(remove)).routes(routes!(repair))
}

/// What one side has without the other.
#[utoipa::path(get, path = "/api/orphans", tag = "Installation", operation_id = "list_orphans",
    responses((status = 200, body = Envelope<Vec<Orphan>>), Failures))]
async fn list(SignedIn(caller): SignedIn, State(services): State<Services>) -> Reply<Envelope<Vec<Orphan>>> {
    Ok(Envelope::of(services.installation().orphans(&caller).await?))
}

/// Removes an orphan: what the runtime has of it, or its entry in the database. Nothing of it is left.
#[utoipa::path(delete, path = "/api/orphans/{id}", tag = "Installation", operation_id = "remove_orphan",
    params(("id" = AgentId, Path, description = "The agent.")),
    responses((status = 200, body = Envelope<Done>), Failures))]
async fn remove(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<AgentId>,
) -> Reply<Envelope<Done>> {
    services.installation().remove_orphan(&caller, id).await?;
    Ok(Envelope::of(Done::new()))
}

/// Gives what the runtime has back to its owner, stopped and with its workspace; makes what it has lost anew.
#[utoipa::path(post, path = "/api/orphans/{id}/repair", tag = "Installation", operation_id = "repair_orphan",
    params(("id" = AgentId, Path, description = "The agent.")),
    responses((status = 200, body = Envelope<Done>), Failures))]
async fn repair(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<AgentId>,
) -> Reply<Envelope<Done>> {
    services.installation().repair_orphan(&caller, id).await?;
    Ok(Envelope::of(Done::new()))
}
