//! `/api/auth`: making an account, signing in and out. The session travels in a cookie and nowhere else.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{Account, User};
use http::{HeaderName, StatusCode, header};
use secrecy::SecretString;
use serde::Deserialize;
use services::{Credentials, Services, SignedIn as NewSession};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Accepted, Done, Envelope, Failures, Reply,
    extract::{Body, Client, SignedIn},
};
use crate::AppState;

/// The routes of accounts.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(login))
        .routes(routes!(logout))
        .routes(routes!(me, delete_account))
        .routes(routes!(change_password))
}

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[schema(as = Credentials)]
#[serde(deny_unknown_fields)]
struct CredentialsInput {
    /// The name: letters, digits, dot, dash and underscore.
    username: String,
    /// The password: at least 8 characters.
    #[schema(format = Password)]
    password: String,
}

impl From<CredentialsInput> for Credentials {
    fn from(input: CredentialsInput) -> Self {
        Self { username: input.username, password: SecretString::from(input.password) }
    }
}

/// The password in use and the one to use from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    /// The password in use.
    #[schema(format = Password)]
    current_password: String,
    /// The new password: at least 8 characters.
    #[schema(format = Password)]
    new_password: String,
}

/// Makes an account and signs it in. The first account runs the installation.
#[utoipa::path(post, path = "/api/auth/register", tag = "Account", operation_id = "register", security(()),
    request_body = CredentialsInput, responses((status = 201, body = Envelope<User>,
        headers(("Set-Cookie" = String, description = "The session."))), Failures))]
async fn register(
    State(services): State<Services>,
    Client(client): Client,
    Body(input): Body<CredentialsInput>,
) -> Reply<Response> {
    let session = services.accounts().register(input.into(), client).await?;
    Ok(signed_in(&services, StatusCode::CREATED, session))
}

/// Signs in.
#[utoipa::path(post, path = "/api/auth/login", tag = "Account", operation_id = "login", security(()),
    request_body = CredentialsInput, responses((status = 200, body = Envelope<User>,
        headers(("Set-Cookie" = String, description = "The session."))), Failures))]
async fn login(
    State(services): State<Services>,
    Client(client): Client,
    Body(input): Body<CredentialsInput>,
) -> Reply<Response> {
    let session = services.accounts().login(input.into(), client).await?;
    Ok(signed_in(&services, StatusCode::OK, session))
}

/// Signs this browser out.
#[utoipa::path(post, path = "/api/auth/logout", tag = "Account", operation_id = "logout",
    responses((status = 200, body = Envelope<Done>,
        headers(("Set-Cookie" = String, description = "Clears the session."))), Failures))]
async fn logout(SignedIn(caller): SignedIn, State(services): State<Services>) -> Reply<impl IntoResponse> {
    services.accounts().logout(&caller).await?;
    Ok((set_cookie(services.cookie().clear()), Envelope::of(Done::new())))
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/auth/me", tag = "Account", operation_id = "me",
    responses((status = 200, body = Envelope<User>), Failures))]
async fn me(SignedIn(caller): SignedIn) -> Envelope<User> {
    Envelope::of(caller.user)
}

/// The password in use, once more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordOnly {
    /// The password in use.
    #[schema(format = Password)]
    password: String,
}

/// Deletes the caller's own account with everything in it: agents and their workspaces, projects, tasks. That is final. It is
/// no way in any more at once; the rest goes by and by.
#[utoipa::path(delete, path = "/api/auth/me", tag = "Account", operation_id = "delete_account",
    request_body = PasswordOnly, responses((status = 202, body = Envelope<Account>,
        headers(("Set-Cookie" = String, description = "Clears the session."))), Failures))]
async fn delete_account(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    Body(input): Body<PasswordOnly>,
) -> Reply<impl IntoResponse> {
    let account = services.accounts().delete_own(&caller, SecretString::from(input.password)).await?;
    Ok((set_cookie(services.cookie().clear()), Accepted(account)))
}

/// Changes the password and signs every other browser out.
#[utoipa::path(post, path = "/api/auth/password", tag = "Account", operation_id = "change_password",
    request_body = PasswordChange, responses((status = 200, body = Envelope<User>,
        headers(("Set-Cookie" = String, description = "The new session of this browser."))), Failures))]
async fn change_password(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    Body(input): Body<PasswordChange>,
) -> Reply<Response> {
    let (current, new) = (SecretString::from(input.current_password), SecretString::from(input.new_password));
    let session = services.accounts().change_password(&caller, current, new).await?;
    Ok(signed_in(&services, StatusCode::OK, session))
}

fn signed_in(services: &Services, status: StatusCode, session: NewSession) -> Response {
    let cookie = services.cookie().set(&session.secret, session.max_age);
    (status, set_cookie(cookie), Envelope::of(session.user)).into_response()
}

fn set_cookie(value: String) -> [(HeaderName, String); 1] {
    [(header::SET_COOKIE, value)]
}
