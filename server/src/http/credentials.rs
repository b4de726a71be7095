//! `/api/credentials`: what the caller's agents sign in with elsewhere. Secrets go in and never come out.

use axum::extract::{RawPathParams, State};
use domain::{Credential, CredentialKind, NewCredential};
use secrecy::SecretString;
use services::Services;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Created, Done, Envelope, Failures, Problem, Reply,
    extract::{Body, SignedIn},
};
use crate::AppState;

/// The routes of credentials.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, set)).routes(routes!(delete))
}

/// The caller's credentials, without their secrets.
#[utoipa::path(get, path = "/api/credentials", tag = "Account", operation_id = "list_credentials",
    responses((status = 200, body = Envelope<Vec<Credential>>), Failures))]
async fn list(SignedIn(caller): SignedIn, State(services): State<Services>) -> Reply<Envelope<Vec<Credential>>> {
    Ok(Envelope::of(services.credentials().list(&caller).await?))
}

/// Keeps a secret for the caller's agents, in place of any older one of its kind. It cannot be read again.
#[utoipa::path(post, path = "/api/credentials", tag = "Account", operation_id = "set_credential",
    request_body = NewCredential, responses((status = 201, body = Envelope<Credential>), Failures))]
async fn set(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    Body(input): Body<NewCredential>,
) -> Reply<Created<Credential>> {
    let secret = SecretString::from(input.secret);
    Ok(Created(services.credentials().set(&caller, input.kind, secret).await?))
}

/// Forgets a credential. Agents that run keep what they were given until they stop.
#[utoipa::path(delete, path = "/api/credentials/{kind}", tag = "Account", operation_id = "delete_credential",
    params(("kind" = CredentialKind, Path, description = "What it opens.")),
    responses((status = 200, body = Envelope<Done>), Failures))]
async fn delete(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    path: RawPathParams,
) -> Reply<Envelope<Done>> {
    let named = path.iter().find(|(name, _)| *name == "kind").map(|(_, kind)| kind);
    let kind = CredentialKind::ALL.into_iter().find(|kind| Some(kind.as_str()) == named);
    services.credentials().delete(&caller, kind.ok_or_else(Problem::not_found)?).await?;
    Ok(Envelope::of(Done::new()))
}
