//! Accounts: making one, signing in and out, changing the password. All of them end in a new page.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::context;
use super::fields::Fields;
use crate::error::ApiError;

/// Makes an account, signs it in and goes on to `next`.
#[server(name = CreateAccount, prefix = "/_fn", endpoint = "auth/create_account", input = Fields)]
pub async fn create_account(
    username: String,
    password: String,
    #[server(default)] next: String,
) -> Result<(), ApiError> {
    let services = context::services()?;
    let credentials = context::credentials(username, password);
    let signed_in = services.accounts().register(credentials, context::client_info()).await?;
    context::set_session(&services, &signed_in);
    context::go_on(&next);
    Ok(())
}

/// Signs in and goes on to `next`.
#[server(name = SignIn, prefix = "/_fn", endpoint = "auth/sign_in", input = Fields)]
pub async fn sign_in(username: String, password: String, #[server(default)] next: String) -> Result<(), ApiError> {
    let services = context::services()?;
    let credentials = context::credentials(username, password);
    let signed_in = services.accounts().login(credentials, context::client_info()).await?;
    context::set_session(&services, &signed_in);
    context::go_on(&next);
    Ok(())
}

/// Signs this browser out.
#[server(name = SignOut, prefix = "/_fn", endpoint = "auth/sign_out", input = Fields)]
pub async fn sign_out() -> Result<(), ApiError> {
    let caller = context::caller()?;
    let services = context::services()?;
    services.accounts().logout(&caller).await?;
    context::set_cookie(services.cookie().clear());
    context::leave_for("/login");
    Ok(())
}

/// Changes the password and signs every other browser out.
#[server(name = ChangePassword, prefix = "/_fn", endpoint = "auth/change_password", input = Fields)]
pub async fn change_password(current_password: String, new_password: String) -> Result<(), ApiError> {
    let caller = context::caller()?;
    let services = context::services()?;
    let (current, new) = (current_password.into(), new_password.into());
    let signed_in = services.accounts().change_password(&caller, current, new).await?;
    context::set_session(&services, &signed_in);
    context::form_goes_to("/settings");
    Ok(())
}

/// Deletes the caller's own account with everything in it.
#[server(name = DeleteAccount, prefix = "/_fn", endpoint = "auth/delete_account", input = Fields)]
pub async fn delete_account(password: String) -> Result<(), ApiError> {
    let caller = context::caller()?;
    let services = context::services()?;
    services.accounts().delete_own(&caller, password.into()).await?;
    context::set_cookie(services.cookie().clear());
    context::leave_for("/login");
    Ok(())
}

/// What a visitor may do about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Whether an account can be made now.
    pub is_open: bool,
    /// Whether it would be the first one.
    pub is_first: bool,
}

/// What a visitor may do about an account.
#[server(name = AskRegistration, prefix = "/_fn", endpoint = "auth/registration", input = Fields)]
pub async fn registration() -> Result<Registration, ApiError> {
    let accounts = context::services()?.accounts();
    let is_open = accounts.registration_open().await?;
    Ok(Registration { is_open, is_first: is_open && accounts.is_new_installation().await? })
}
