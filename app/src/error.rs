//! The one error that server functions give to the browser: a stable code, a sentence, and the fields it is about.

use domain::{ErrorCode, FieldError, Invalid};
use leptos::server_fn::{codec::JsonEncoding, error::FromServerFnError, error::ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::api::fields::Misfit;

/// Why a server function did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What went wrong and what to do, for people.
    pub message: String,
    /// The fields that break a rule, in the order of the form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
}

impl ApiError {
    /// An error without fields.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), fields: Vec::new() }
    }

    /// The answer cannot be read: this page and the server are not of the same version.
    pub fn unreadable() -> Self {
        Self::new(
            ErrorCode::Internal,
            "The server's answer could not be read; it may have been updated. Reload the page and try again.",
        )
    }

    fn unexpected_fields() -> Self {
        let message = "The form does not have the expected fields. Reload the page and try again.";
        Self::new(ErrorCode::InvalidJson, message)
    }

    /// The complaint about `field`, if there is one.
    pub fn message_of(&self, field: &str) -> Option<String> {
        self.fields.iter().find(|f| f.field == field).map(|f| f.message.clone())
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        Self { code: ErrorCode::Invalid, message: "Check the marked fields.".into(), fields: invalid.fields }
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let error = match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => {
                Self::new(ErrorCode::Unavailable, "The server cannot be reached. Check the connection and try again.")
            }
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::unexpected_fields(),
            // On the server it is the request that cannot be read, in the browser the answer.
            ServerFnErrorErr::Deserialization(text) if cfg!(feature = "ssr") => {
                Misfit::read(&text).unwrap_or_else(Self::unexpected_fields)
            }
            ServerFnErrorErr::Deserialization(_) => Self::unreadable(),
            _ => Self::new(ErrorCode::Internal, "Something went wrong on the server. Try again."),
        };
        #[cfg(feature = "ssr")]
        crate::api::context::answer_status(error.code);
        error
    }
}

#[cfg(feature = "hydrate")]
impl From<leptos::wasm_split::SplitLoaderError> for ApiError {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        let message = "A part of this page could not be fetched; the server may have been updated. Reload the page.";
        Self::new(ErrorCode::Unavailable, message)
    }
}

#[cfg(feature = "ssr")]
impl From<services::Error> for ApiError {
    /// Also gives the response the status of the error, so that no server function has to.
    fn from(error: services::Error) -> Self {
        crate::api::context::answer_status(error.code());
        Self::said(&error)
    }
}

#[cfg(feature = "ssr")]
impl ApiError {
    /// The error as it is told, without touching the response.
    pub(crate) fn said(error: &services::Error) -> Self {
        Self { code: error.code(), message: error.public_message(), fields: error.fields().to_vec() }
    }
}
