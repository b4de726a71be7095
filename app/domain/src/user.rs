//! People and what they may do.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, UserId};

/// What an account may do beyond its own things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs this installation. The first account is one.
    Admin,
    /// Owns projects and agents.
    Member,
}

impl Role {
    /// The name as it stands in JSON and at the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }
}

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The name they sign in with.
    pub username: String,
    /// What they may do.
    pub role: Role,
    /// When the account was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
}

/// An account as those see it who run this installation: what is in it, and whether it is being deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    /// The user's id.
    pub id: UserId,
    /// The name they sign in with.
    pub username: String,
    /// What they may do.
    pub role: Role,
    /// When the account was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// The number of their agents.
    pub agents: u64,
    /// The number of their projects.
    pub projects: u64,
    /// Since when it is being deleted; nothing for an account that is in use.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub deleting_since: Option<Timestamp>,
}
