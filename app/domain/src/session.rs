//! Browser sessions as their owner sees them: never with the secret.

use serde::{Deserialize, Serialize};

use crate::{SessionId, Timestamp};

/// A browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// The session's public id.
    pub id: SessionId,
    /// When it began.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub last_seen_at: Timestamp,
    /// When it ends whatever happens.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
    /// The browser's own description of itself, cut to 200 characters.
    pub user_agent: String,
    /// The address it signed in from.
    pub address: String,
    /// Whether it is the one that asks.
    pub current: bool,
}
