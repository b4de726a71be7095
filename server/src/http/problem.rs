//! How the JSON API answers when something went wrong: `{"success":false,"code":…,"message":…}` with the right status.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use domain::{ErrorCode, FieldError, tools::ToolError};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, Response as Described, ResponseBuilder},
};

/// When a tool may be called again that could not do its work: most outages are restarts.
const BACK_SOON: Duration = Duration::from_secs(1);

/// A failure as callers see it. Internal causes are in the log, under the request's id.
#[derive(Debug, Clone)]
pub struct Problem {
    code: ErrorCode,
    message: String,
    fields: Vec<FieldError>,
    hint: Option<String>,
    retryable: Option<bool>,
    retry_after: Option<Duration>,
}

/// The body of a failure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Failure)]
struct Body<'a> {
    /// Always `false` here.
    #[schema(default = false)]
    success: bool,
    /// What went wrong, for programs. Codes are never renamed.
    code: ErrorCode,
    /// What went wrong and what to do, for people.
    message: &'a str,
    /// The fields that break a rule or are of another type than they should, when the code is `invalid` or
    /// `invalid_json`.
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    #[schema(required = false)]
    fields: &'a [FieldError],
    /// What to do now, when a tool was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    /// Whether the same call may succeed a little later, when a tool was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    retryable: Option<bool>,
}

impl Problem {
    /// A failure with its sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), fields: Vec::new(), hint: None, retryable: None, retry_after: None }
    }

    /// The body is no JSON, or not of the form that it should have. `field` is the path to what is wrong, if it is one field.
    pub fn unfit(field: Option<&str>, error: &serde_json::Error) -> Self {
        let Some(field) = field else {
            return Self::new(ErrorCode::InvalidJson, format!("The body does not fit: {error}."));
        };
        let message = format!("The body does not fit at `{field}`: {error}.");
        let fields = vec![FieldError { field: field.to_owned(), message: error.to_string() }];
        Self { fields, ..Self::new(ErrorCode::InvalidJson, message) }
    }

    /// The server is on its way down: another one is there already, or this one soon again.
    pub fn restarting() -> Self {
        let message = "The server is restarting. Make the same call again in a second.";
        Self::new(ErrorCode::Unavailable, message).for_tools()
    }

    /// The same for an agent that called a tool and did not get as far as that: whether it may call again, and what to do.
    pub fn for_tools(self) -> Self {
        match self.code {
            ErrorCode::Unavailable | ErrorCode::Internal => ToolError::new(self.code, self.message).into(),
            _ => self,
        }
    }

    /// No valid session or token came with the request.
    pub fn unauthorized() -> Self {
        Self::new(ErrorCode::Unauthorized, "Unauthorized")
    }

    /// No such object, or not one of the caller's. The same for both, byte for byte, and for ids that are not ids.
    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "There is nothing here, or it is not yours.")
    }

    /// What went wrong.
    pub fn code(&self) -> ErrorCode {
        self.code
    }
}

impl From<services::Error> for Problem {
    fn from(error: services::Error) -> Self {
        let code = error.code();
        match code {
            // Byte for byte the same, whatever the service would say.
            ErrorCode::NotFound => return Self::not_found(),
            ErrorCode::Unauthorized => return Self::unauthorized(),
            ErrorCode::Internal | ErrorCode::Unavailable => {
                tracing::error!(code = code.as_str(), error = &error as &dyn std::error::Error, "request failed");
            }
            _ => {}
        }
        Self {
            code,
            message: error.public_message(),
            fields: error.fields().to_vec(),
            hint: None,
            retryable: None,
            retry_after: error.retry_after(),
        }
    }
}

impl From<ToolError> for Problem {
    fn from(error: ToolError) -> Self {
        let ToolError { code, message, retryable, hint, fields } = error;
        if code == ErrorCode::NotFound {
            return Self::not_found();
        }
        let retry_after = (code == ErrorCode::Unavailable).then_some(BACK_SOON);
        Self { code, message, fields, hint, retryable: Some(retryable), retry_after }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { code, message, fields, hint, retryable, retry_after } = &self;
        let status = StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = Body { success: false, code: *code, message, fields, hint: hint.as_deref(), retryable: *retryable };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

/// The failures that any operation may answer with, for the description of the API.
#[derive(Debug)]
pub struct Failures;

impl IntoResponses for Failures {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        let described = |text: &str| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Failure"))).build();
            RefOr::T(ResponseBuilder::new().description(text).content("application/json", content).build())
        };
        [
            ("400", "A field breaks a rule, or the body is not the expected JSON."),
            ("401", "No valid session or token came with the request."),
            ("403", "The caller may not do this, or a browser says that another site asked."),
            ("404", "No such object, or not one of the caller's."),
            ("409", "The name is taken, or the object's state does not allow this."),
            ("413", "The body is larger than the limit (1 MiB unless configured)."),
            ("415", "The body is not application/json."),
            ("429", "Too many attempts; `Retry-After` says when to try again."),
            ("500", "Our fault; the response's `X-Request-Id` finds the cause in the server's log."),
            ("503", "A part this needs does not answer now."),
        ]
        .into_iter()
        .map(|(status, text)| (status.to_owned(), described(text)))
        .collect()
    }
}

/// The schema of a failure's body and those it needs, for the description of the API.
pub fn failure_schemas() -> Vec<(String, RefOr<utoipa::openapi::schema::Schema>)> {
    let mut schemas = vec![(Body::name().into_owned(), Body::schema())];
    Body::schemas(&mut schemas);
    schemas
}

/// What an unknown path under `/api` answers.
pub async fn unknown_path() -> Problem {
    Problem::not_found()
}

/// What a known path answers to a method it does not have. The `Allow` header says which it has.
pub async fn unknown_method() -> Problem {
    Problem::new(ErrorCode::MethodNotAllowed, "This path does not know that method; see /api/docs.")
}
