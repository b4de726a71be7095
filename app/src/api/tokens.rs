//! Personal tokens.

use domain::{NewToken, Token, TokenId};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::context;
use super::fields::Fields;
use crate::error::ApiError;

/// The caller's tokens.
#[server(name = ListTokens, prefix = "/_fn", endpoint = "tokens/list", input = Fields)]
pub async fn list_tokens() -> Result<Vec<Token>, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.tokens().list(&caller).await?)
}

/// The secret of a new token, to show this once.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewSecret {
    /// What the token is for.
    pub name: String,
    /// What a program sends.
    pub secret: String,
}

/// Makes a token. The secret is in the answer and nowhere else, so this takes JSON: a plain form would lose it.
#[server(name = CreateToken, prefix = "/_fn", endpoint = "tokens/create", input = server_fn::codec::Json)]
pub async fn create_token(input: NewToken) -> Result<NewSecret, ApiError> {
    let caller = context::caller()?;
    let created = context::services()?.tokens().create(&caller, input).await?;
    Ok(NewSecret { name: created.token.name, secret: created.secret })
}

/// Revokes a token.
#[server(name = RevokeToken, prefix = "/_fn", endpoint = "tokens/revoke", input = Fields)]
pub async fn revoke_token(id: TokenId) -> Result<(), ApiError> {
    let caller = context::caller()?;
    context::services()?.tokens().revoke(&caller, id).await?;
    context::form_goes_to("/settings");
    Ok(())
}
