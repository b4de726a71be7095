//! How a tool says that it did not do what was asked, to an agent that must know what to do next.

use super::{Deserialize, ErrorCode, FieldError, Serialize};

/// Why a tool did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{}: {message}", code.as_str())]
pub struct ToolError {
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What went wrong, as a sentence.
    pub message: String,
    /// Whether the same call may succeed a little later.
    pub retryable: bool,
    /// What to do now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The arguments that break a rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
}

impl ToolError {
    /// A failure with its sentence; what to do follows from its code.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let retryable = matches!(
            code,
            ErrorCode::Unavailable | ErrorCode::RateLimited | ErrorCode::VersionConflict | ErrorCode::Internal
        );
        Self { code, message: message.into(), retryable, hint: hint(code).map(str::to_owned), fields: Vec::new() }
    }

    /// No such object, or not one of the caller's: the same for both, byte for byte.
    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "There is nothing with this id, or it is not yours.")
    }
}

const fn hint(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::NotFound => "Use ids exactly as get_next_task, list_my_tasks or another tool returned them.",
        ErrorCode::LeaseLost => "Stop working on this task, discard or keep your branch, and call get_next_task.",
        ErrorCode::Invalid | ErrorCode::InvalidJson => "Correct the arguments named in the message and call again.",
        ErrorCode::InvalidTransition => "Call get_task to see the task's state.",
        ErrorCode::QuestionClosed => "Call check_question_response to see how it ended.",
        ErrorCode::KeyReused => "Use a new idempotency_key for a new call.",
        ErrorCode::Unavailable | ErrorCode::RateLimited | ErrorCode::VersionConflict | ErrorCode::Internal => {
            "Wait a few seconds and make the same call again."
        }
        ErrorCode::Unauthorized => "Your token does not work (any more). Stop working.",
        _ => return None,
    })
}
