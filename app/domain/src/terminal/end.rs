//! Why a terminal session is over.

use serde::{Deserialize, Serialize};

/// Why a terminal session is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// A stable code.
    pub code: EndCode,
    /// A sentence for the person.
    pub message: String,
    /// Whether connecting again can help.
    pub retry: bool,
    /// Milliseconds to wait before that, so that not everybody comes back at once.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retry_after_ms: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Why a terminal session is over, as a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndCode {
    /// The client broke the protocol.
    Protocol,
    /// The session is not signed in, or no longer.
    Unauthorized,
    /// There is no such agent for this user.
    NotFound,
    /// The agent does not run.
    NotRunning,
    /// Too many terminal sessions are open.
    Limit,
    /// The agent's terminal does not answer.
    Unreachable,
    /// The server is going down; connect again.
    Draining,
}

impl EndCode {
    /// The WebSocket close code; 4000 to 4999 are for applications (RFC 6455, section 7.4.2).
    pub const fn close_code(self) -> u16 {
        match self {
            Self::Protocol => 4400,
            Self::Unauthorized => 4401,
            Self::NotFound => 4404,
            Self::NotRunning => 4409,
            Self::Limit => 4429,
            Self::Unreachable => 4503,
            Self::Draining => 1012,
        }
    }

    /// Whether connecting again by itself can help.
    pub const fn retry(self) -> bool {
        matches!(self, Self::Unreachable | Self::Draining)
    }
}
