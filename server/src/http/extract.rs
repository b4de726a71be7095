//! What handlers take from a request. Each refusal is a [`Problem`] that names the thing and the remedy.

use std::str::FromStr;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
};
use domain::ErrorCode;
use http::{HeaderMap, header, request::Parts};
use serde::de::DeserializeOwned;
use services::{Caller, ClientInfo};

use super::Problem;

/// Who asks. Refuses with 401 when nobody is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Caller);

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Caller>().cloned().map(Self).ok_or_else(Problem::unauthorized)
    }
}

/// Where the request comes from.
#[derive(Debug, Clone)]
pub struct Client(pub ClientInfo);

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let missing = || Problem::new(ErrorCode::Internal, "The request's origin was not noted.");
        parts.extensions.get::<ClientInfo>().cloned().map(Self).ok_or_else(missing)
    }
}

/// The one id in the path. What is not an id is not found, exactly like an id that belongs to nothing.
#[derive(Debug, Clone, Copy)]
pub struct PathId<I>(pub I);

impl<S: Send + Sync, I: FromStr> FromRequestParts<S> for PathId<I> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        let id = params.iter().find(|(name, _)| *name == "id").and_then(|(_, text)| text.parse().ok());
        id.map(Self).ok_or_else(Problem::not_found)
    }
}

/// A JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        // Its type is judged before it is read.
        let headers = request.headers().clone();
        check_type(&headers)?;
        let unread = |_| Problem::new(ErrorCode::InvalidJson, "The body ended before it was complete.");
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        json_of(&headers, &bytes).map(Self)
    }
}

/// What a JSON body says.
pub fn json_of<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, Problem> {
    check_type(headers)?;
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        // What is no JSON at all is no matter of one field. A part of the path that is not known is a question mark, and the whole
        // is a dot.
        let is_of_a_field = error.inner().is_data();
        let path = error.path().to_string();
        let field = path.trim_end_matches(['.', '?']);
        Problem::unfit(
            Some(field).filter(|field| is_of_a_field && field.starts_with(char::is_alphabetic)),
            error.inner(),
        )
    })?;
    json.end().map_err(|error| Problem::unfit(None, &error))?;
    Ok(value)
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    if is_json(headers) {
        return Ok(());
    }
    let message = "Send the body as JSON, with the header Content-Type: application/json.";
    Err(Problem::new(ErrorCode::UnsupportedMediaType, message))
}

/// The query string.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let refuse = |rejection: axum::extract::rejection::QueryRejection| {
            Problem::new(ErrorCode::Invalid, format!("The query string does not fit: {}.", rejection.body_text()))
        };
        axum::extract::Query::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(refuse)
    }
}

/// `application/json` or `application/…+json`, whatever its parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_counts_as_json() {
        let says = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            is_json(&headers)
        };
        assert!(says("application/json"));
        assert!(says("Application/JSON; charset=utf-8"));
        assert!(says("application/merge-patch+json"));
        for other in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", ""] {
            assert!(!says(other), "{other}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
