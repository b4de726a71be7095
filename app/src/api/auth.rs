//! Accounts: making one, signing in and out, changing the password. All of them end in a new page.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::context;
use crate::error::ApiError;

/// Makes an account, signs it in and goes on to `next`.
#[server(name = CreateAccount, prefix = "/_fn", endpoint = "auth/create_account")]
pub async fn create_account(username: String, password: String, #[server(default)] next: String) -> Result<(), ApiError> {
    let services = context::services()?;
    let credentials = context::credentials(username, password);
    let signed_in = services.accounts().register(credentials, context::client_info()).await?;
    context::set_session(&services, &signed_in);
    context::go_on(&next);
    Ok(())
}

/// Signs in and goes on to `next`.
#[server(name = SignIn, prefix = "/_fn", endpoint = "auth/sign_in")]
pub async fn sign_in(username: String, password: String, #[server(default)] next: String) -> Result<(), ApiError> {
    let services = context::services()?;
    let credentials = context::credentials(username, password);
    let signed_in = services.accounts().login(credentials, context::client_info()).await?;
    context::set_session(&services, &signed_in);
    context::go_on(&next);
    Ok(())
}

/// Signs this browser out.
#[server(name = SignOut, prefix = "/_fn", endpoint = "auth/sign_out")]
pub async fn sign_out() -> Result<(), ApiError> {
    let caller = context::caller()?;
    let services = context::services()?;
    services.accounts().logout(&caller).await?;
    context::set_cookie(services.cookie().clear());
    context::leave_for("/login");
    Ok(())
}

/// Changes the password and signs every other browser out.
#[server(name = ChangePassword, prefix = "/_fn", endpoint = "auth/change_password")]
pub async fn change_password(current_password: String, new_password: String) -> Result<(), ApiError> {
    let caller = context::caller()?;
    let services = context::services()?;
    let (current, new) = (current_password.into(), new_password.into());
    let signed_in = services.accounts().change_password(&caller, current, new).await?;
    context::set_session(&services, &signed_in);
    context::form_goes_to("/settings");
    Ok(())
}

/// Whether a visitor may make an account.
#[server(name = RegistrationOpen, prefix = "/_fn", endpoint = "auth/registration_open")]
pub async fn registration_open() -> Result<bool, ApiError> {
    Ok(context::services()?.accounts().registration_open().await?)
}
