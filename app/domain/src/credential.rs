//! Credentials that a user gives to their agents. The secret goes in and never comes out to people.

use serde::{Deserialize, Serialize};

use crate::{CredentialId, Timestamp, validate::Invalid};

/// Longest secret, in bytes: an SSH key fits.
pub const SECRET_MAX_BYTES: usize = 16 * 1024;

/// What a credential opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// The model that the coding agent talks to.
    ModelKey,
    /// The server that keeps the repositories.
    GitToken,
}

impl CredentialKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::ModelKey, Self::GitToken];

    /// What a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ModelKey => "Model key",
            Self::GitToken => "Git token",
        }
    }

    /// The name as it stands in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ModelKey => "model_key",
            Self::GitToken => "git_token",
        }
    }

    /// The file in which agents find it.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::ModelKey => "model-key",
            Self::GitToken => "git-token",
        }
    }
}

/// A credential without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// What it opens.
    pub kind: CredentialKind,
    /// The last four characters of the secret, to tell one from another.
    pub last_four: String,
    /// When it was first given.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When it was last replaced.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
}

/// What a person fills in to give a credential.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewCredential {
    /// What it opens.
    pub kind: CredentialKind,
    /// The secret. It cannot be read again.
    pub secret: String,
}

impl std::fmt::Debug for NewCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewCredential").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What is wrong with a secret, if anything. It is one line, because agents send it in headers.
pub fn validate(secret: &str) -> Result<(), Invalid> {
    let complaint = if secret.len() < 8 {
        "Enter the whole secret; it has at least 8 characters."
    } else if secret.len() > SECRET_MAX_BYTES {
        "Use at most 16 KiB."
    } else if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        "Use visible ASCII characters without spaces."
    } else {
        return Ok(());
    };
    Err(Invalid::field("secret", complaint))
}
