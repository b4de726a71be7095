//! Accounts, for those who run this installation.

use domain::{Account, UserId};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::context;
use super::fields::Fields;
use crate::error::ApiError;

/// Every account.
#[server(name = ListUsers, prefix = "/_fn", endpoint = "users/list", input = Fields)]
pub async fn list_users() -> Result<Vec<Account>, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.accounts().list(&caller).await?)
}

/// Deletes an account with everything in it.
#[server(name = DeleteUser, prefix = "/_fn", endpoint = "users/delete", input = Fields)]
pub async fn delete_user(id: UserId) -> Result<(), ApiError> {
    let caller = context::caller()?;
    context::services()?.accounts().delete_user(&caller, id).await?;
    context::form_goes_to("/settings/users");
    Ok(())
}
