//! What a server function or a page finds in its request: the services, the caller, and the response to shape.

use domain::ErrorCode;
use http::{Method, StatusCode, header, request::Parts};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use services::{Caller, ClientInfo, Services};

use crate::error::ApiError;

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

/// Who asks. An error if nobody is signed in.
pub fn caller() -> Result<Caller, ApiError> {
    signed_in().ok_or_else(|| {
        answer_status(ErrorCode::Unauthorized);
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
