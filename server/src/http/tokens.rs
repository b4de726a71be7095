//! `/api/tokens`: personal tokens. A token cannot make or revoke tokens.

use axum::extract::State;
use domain::{NewToken, Token, TokenCreated, TokenId};
use services::Services;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Created, Done, Envelope, Failures, Reply,
    extract::{Body, PathId, SignedIn},
};
use crate::AppState;

/// The routes of tokens.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// The caller's personal tokens, without their secrets.
#[utoipa::path(get, path = "/api/tokens", tag = "Tokens", operation_id = "list_tokens",
    responses((status = 200, body = Envelope<Vec<Token>>), Failures))]
async fn list(SignedIn(caller): SignedIn, State(services): State<Services>) -> Reply<Envelope<Vec<Token>>> {
    Ok(Envelope::of(services.tokens().list(&caller).await?))
}

/// Makes a personal token. Its secret is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/tokens", tag = "Tokens", operation_id = "create_token",
    request_body = NewToken, responses((status = 201, body = Envelope<TokenCreated>), Failures))]
async fn create(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    Body(input): Body<NewToken>,
) -> Reply<Created<TokenCreated>> {
    Ok(Created(services.tokens().create(&caller, input).await?))
}

/// Revokes a personal token. It stops working at once.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "Tokens", operation_id = "revoke_token",
    params(("id" = TokenId, Path, description = "The token's public id.")),
    responses((status = 200, body = Envelope<Done>), Failures))]
async fn revoke(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<TokenId>,
) -> Reply<Envelope<Done>> {
    services.tokens().revoke(&caller, id).await?;
    Ok(Envelope::of(Done::new()))
}
