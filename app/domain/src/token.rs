//! Tokens for programs. The secret itself exists once, in [`TokenCreated`].

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp, TokenId,
    validate::{self, Checker, Invalid, TOKEN_DAYS_MAX},
};

/// Whose hand a token is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// A person's scripts: may do what the person may, over the JSON API.
    Personal,
    /// One agent: may use the MCP tools and nothing else.
    Agent,
}

/// A token without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Token {
    /// The token's public id.
    pub id: TokenId,
    /// Whose hand it is made for.
    pub kind: TokenKind,
    /// What it is for, in its owner's words.
    pub name: String,
    /// The last four characters of the secret, to tell tokens apart.
    pub last_four: String,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When it stops working.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_used_at: Option<Timestamp>,
}

/// What a person fills in to get a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// How long it works, in days: 1 to 366. Ninety unless said.
    #[serde(default = "NewToken::default_days")]
    pub expires_in_days: u32,
}

impl NewToken {
    fn default_days() -> u32 {
        90
    }

    /// The input in its stored form, or what is wrong with it.
    pub fn validate(self) -> Result<Self, Invalid> {
        let mut checker = Checker::default();
        let name = checker.check("name", validate::token_name(&self.name));
        let days = self.expires_in_days;
        let expires_in_days = checker.check(
            "expires_in_days",
            match days {
                1..=TOKEN_DAYS_MAX => Ok(days),
                _ => Err(format!("Choose between 1 and {TOKEN_DAYS_MAX} days.")),
            },
        );
        checker.finish(Self { name, expires_in_days })
    }
}

/// A new token, with the secret that is shown this once.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenCreated {
    /// The token.
    #[serde(flatten)]
    pub token: Token,
    /// What a program sends as `Authorization: Bearer …`. It cannot be read again.
    pub secret: String,
}

impl std::fmt::Debug for TokenCreated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenCreated").field("token", &self.token).finish_non_exhaustive()
    }
}
