//! How the JSON API answers when all went well: `{"success":true,"data":…}`.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::Problem;

/// What every handler of the API returns.
pub type Reply<T> = Result<T, Problem>;

/// The answer to a request that succeeded (200).
#[derive(Debug, Serialize, ToSchema)]
pub struct Envelope<T: ToSchema> {
    /// Always `true` here; a failure says `false`.
    #[schema(default = true)]
    success: bool,
    /// What was asked for.
    data: T,
}

impl<T: ToSchema> Envelope<T> {
    /// Wraps the data.
    pub fn of(data: T) -> Self {
        Self { success: true, data }
    }
}

impl<T: Serialize + ToSchema> IntoResponse for Envelope<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// The object was made (201).
#[derive(Debug)]
pub struct Created<T>(pub T);

impl<T: Serialize + ToSchema> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Envelope::of(self.0)).into_response()
    }
}

/// The wish was noted and is being carried out (202).
#[derive(Debug)]
pub struct Accepted<T>(pub T);

impl<T: Serialize + ToSchema> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Envelope::of(self.0)).into_response()
    }
}

/// There is nothing to say but that it was done: `data` is `null`.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[schema(value_type = Option<String>)]
pub struct Done(());

impl Done {
    /// The one value.
    pub const fn new() -> Self {
        Self(())
    }
}
