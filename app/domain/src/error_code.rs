//! The one list of things that can go wrong as callers see them, and how each protocol says so.

use serde::{Deserialize, Serialize};

/// A stable, public name of a failure. Serialised in `snake_case`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// No valid session or token came with the request.
    Unauthorized,
    /// The username or the password is wrong.
    InvalidCredentials,
    /// The caller is known but may not do this.
    Forbidden,
    /// A browser says the request was made by another site.
    CrossSite,
    /// No such object, or not one of the caller's: the two look the same.
    NotFound,
    /// The path exists, but not for this method.
    MethodNotAllowed,
    /// A field of the input breaks a rule; `fields` says which.
    Invalid,
    /// The body is not valid JSON of the expected shape.
    InvalidJson,
    /// The body is not of the expected content type.
    UnsupportedMediaType,
    /// The body is larger than the limit.
    PayloadTooLarge,
    /// The name is already in use.
    NameTaken,
    /// The object's state does not allow this change.
    InvalidTransition,
    /// Somebody else changed the object first; read it again.
    VersionConflict,
    /// The agent does not hold the task any more: its lease expired, or a person moved the task.
    LeaseLost,
    /// The question has been answered, has expired or was cancelled.
    QuestionClosed,
    /// The idempotency key was used for another call.
    KeyReused,
    /// The user already has as many agents as allowed.
    AgentLimit,
    /// New accounts cannot be made here.
    RegistrationClosed,
    /// Too many attempts; try again later.
    RateLimited,
    /// The runtime may not serve this user without a sandbox.
    Unsandboxed,
    /// The agent's terminal cannot be reached now.
    TerminalUnavailable,
    /// A part this needs (database, runtime) does not answer now.
    Unavailable,
    /// Our fault. The cause is in the server's log under the request id.
    Internal,
}

impl ErrorCode {
    /// The HTTP status that carries this code.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::Invalid | Self::InvalidJson => 400,
            Self::Unauthorized | Self::InvalidCredentials => 401,
            Self::Forbidden | Self::CrossSite | Self::RegistrationClosed | Self::Unsandboxed => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NameTaken
            | Self::InvalidTransition
            | Self::VersionConflict
            | Self::LeaseLost
            | Self::QuestionClosed
            | Self::KeyReused
            | Self::AgentLimit => 409,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::TerminalUnavailable | Self::Unavailable => 503,
        }
    }

    /// The name as it stands in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::InvalidCredentials => "invalid_credentials",
            Self::Forbidden => "forbidden",
            Self::CrossSite => "cross_site",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Invalid => "invalid",
            Self::InvalidJson => "invalid_json",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::PayloadTooLarge => "payload_too_large",
            Self::NameTaken => "name_taken",
            Self::InvalidTransition => "invalid_transition",
            Self::VersionConflict => "version_conflict",
            Self::LeaseLost => "lease_lost",
            Self::QuestionClosed => "question_closed",
            Self::KeyReused => "key_reused",
            Self::AgentLimit => "agent_limit",
            Self::RegistrationClosed => "registration_closed",
            Self::RateLimited => "rate_limited",
            Self::Unsandboxed => "unsandboxed",
            Self::TerminalUnavailable => "terminal_unavailable",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}
