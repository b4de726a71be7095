//! `/api/users`: every account, and how one is deleted; for admins.

use axum::extract::State;
use domain::{Account, UserId};
use services::Services;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Accepted, Envelope, Failures, Reply,
    extract::{PathId, SignedIn},
};
use crate::AppState;

/// The routes of accounts, as those see them who run this installation.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(delete))
}

/// Every account, with the number of what is in it.
#[utoipa::path(get, path = "/api/users", tag = "Installation", operation_id = "list_users",
    responses((status = 200, body = Envelope<Vec<Account>>), Failures))]
async fn list(SignedIn(caller): SignedIn, State(services): State<Services>) -> Reply<Envelope<Vec<Account>>> {
    Ok(Envelope::of(services.accounts().list(&caller).await?))
}

/// Deletes an account with everything in it: agents and their workspaces, projects, tasks. That is final. It is no way in any
/// more at once; the rest goes by and by, and the account is in the list until nothing is left.
#[utoipa::path(delete, path = "/api/users/{id}", tag = "Installation", operation_id = "delete_user",
    params(("id" = UserId, Path, description = "The user.")),
    responses((status = 202, body = Envelope<Account>), Failures))]
async fn delete(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<UserId>,
) -> Reply<Accepted<Account>> {
    Ok(Accepted(services.accounts().delete_user(&caller, id).await?))
}
