//! What a server function or a page finds in its request: the services, the caller, and the response to shape.

use domain::ErrorCode;
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use services::{Caller, ClientInfo, Credentials, Services, SignedIn};

use crate::{
    error::ApiError,
    local_path,
    state::theme::{self, Theme},
};

/// How long a browser keeps the choice of light or dark: a year, in seconds.
const THEME_MAX_AGE: u32 = 365 * 24 * 60 * 60;
/// Where people go who did not say where.
const HOME: &str = "/projects";

/// The services, as the server provided them.
pub fn services() -> Result<Services, ApiError> {
    use_context::<Services>().ok_or_else(|| {
        answer_status(ErrorCode::Internal);
        ApiError::new(ErrorCode::Internal, "Something went wrong on the server. Try again.")
    })
}

/// Who asks, if they are signed in.
pub fn signed_in() -> Option<Caller> {
    use_context::<Parts>()?.extensions.get::<Caller>().cloned()
}

/// Who asks. An error if nobody is signed in; a plain form goes to sign in then.
pub fn caller() -> Result<Caller, ApiError> {
    signed_in().ok_or_else(|| {
        answer_status(ErrorCode::Unauthorized);
        form_goes_to("/login");
        ApiError::new(ErrorCode::Unauthorized, "Sign in to go on.")
    })
}

/// Where the request comes from.
pub fn client_info() -> ClientInfo {
    let known = use_context::<Parts>().and_then(|parts| parts.extensions.get::<ClientInfo>().cloned());
    known.unwrap_or_else(|| ClientInfo { address: String::new(), user_agent: String::new() })
}

/// Gives the response the status of an error.
///
/// A plain form post keeps its redirect: the error travels in the address of the page that is shown next.
pub fn answer_status(code: ErrorCode) {
    let Some(response) = use_context::<ResponseOptions>() else { return };
    if !is_plain_form_post()
        && let Ok(status) = StatusCode::from_u16(code.http_status())
    {
        response.set_status(status);
    }
}

/// What only a part of a page is about. A page of which a part cannot be had is still that page: what is missing is said where it
/// would stand. Asked for by itself, it answers as everything else does.
pub fn of_a_part<T>(outcome: Result<T, services::Error>) -> Result<T, ApiError> {
    let by_itself = use_context::<Parts>().is_none_or(|parts| parts.uri.path().starts_with("/_fn/"));
    outcome.map_err(|error| if by_itself { error.into() } else { ApiError::said(&error) })
}

/// The value of a cookie that is not the session's.
pub fn cookie(name: &str) -> Option<String> {
    let parts = use_context::<Parts>()?;
    let values = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(other, _)| *other == name).map(|(_, value)| value.to_owned())
}

/// What a form says about who somebody is.
pub fn credentials(username: String, password: String) -> Credentials {
    Credentials { username, password: password.into() }
}

/// Gives the browser its new session.
pub fn set_session(services: &Services, session: &SignedIn) {
    set_cookie(services.cookie().set(&session.secret, session.max_age));
}

/// Gives the browser a cookie.
pub fn set_cookie(cookie: String) {
    if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::try_from(cookie)) {
        response.append_header(header::SET_COOKIE, value);
    }
}

/// Keeps the choice of light or dark. It is no secret, and scripts have no use for it.
pub fn set_theme(theme: Theme) {
    let (name, value) = (theme::COOKIE, theme.as_str());
    set_cookie(format!("{name}={value}; Path=/; Max-Age={THEME_MAX_AGE}; HttpOnly; SameSite=Lax"));
}

/// After signing in: on to `next` if it is a place on this site, and home otherwise.
pub fn go_on(next: &str) {
    leave_for(local_path::checked(next).unwrap_or(HOME));
}

/// Ends in another page, with and without WASM.
pub fn leave_for(path: &str) {
    leptos_axum::redirect(path);
}

/// Where a plain form goes after it did its work. With WASM the page stays where it is.
pub fn form_goes_to(path: &str) {
    if is_plain_form_post() {
        leptos_axum::redirect(path);
    }
}

/// Shows another page instead of the one that was asked for.
pub fn show_instead(path: &str) {
    if let (Some(response), Ok(location)) = (use_context::<ResponseOptions>(), HeaderValue::try_from(path)) {
        response.insert_header(header::LOCATION, location);
        response.set_status(StatusCode::SEE_OTHER);
    }
}

/// The path and query that were asked for.
pub fn requested_path() -> String {
    use_context::<Parts>().and_then(|parts| parts.uri.path_and_query().map(ToString::to_string)).unwrap_or_default()
}

fn is_plain_form_post() -> bool {
    use_context::<Parts>().is_some_and(|parts| parts.method == Method::POST && accepts_html(&parts))
}

fn accepts_html(parts: &Parts) -> bool {
    parts
        .headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"))
}
