//! Browser sessions.

use domain::{Session, SessionId};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::context;
use super::fields::Fields;
use crate::error::ApiError;

/// Where the caller is signed in.
#[server(name = ListSessions, prefix = "/_fn", endpoint = "sessions/list", input = Fields)]
pub async fn list_sessions() -> Result<Vec<Session>, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.accounts().sessions(&caller).await?)
}

/// Signs another browser out.
#[server(name = RevokeSession, prefix = "/_fn", endpoint = "sessions/revoke", input = Fields)]
pub async fn revoke_session(id: SessionId) -> Result<(), ApiError> {
    let caller = context::caller()?;
    context::services()?.accounts().revoke_session(&caller, id).await?;
    context::form_goes_to("/settings");
    Ok(())
}
