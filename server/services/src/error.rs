//! What a service method answers when it cannot do what was asked: a stable code and a sentence for people.
//!
//! Internal causes stay inside as sources: the edge logs them once and shows them to nobody.

use std::time::Duration;

use domain::{ErrorCode, FieldError, Invalid};
use runtime::RuntimeError;
use store::StoreError;

use crate::vault::VaultError;

/// When a part that does not answer may be asked again: most outages are restarts.
const BACK_SOON: Duration = Duration::from_secs(1);

/// The cause of a failure that is not the caller's.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a service method did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such object, or not one of the caller's: the two look the same.
    #[error("{0} was not found")]
    NotFound(Object),
    /// The caller is known but may not do this.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// The username or the password is wrong.
    #[error("wrong username or password")]
    InvalidCredentials,
    /// New accounts cannot be made here.
    #[error("registration is closed")]
    RegistrationClosed,
    /// Too many attempts.
    #[error("too many attempts")]
    RateLimited {
        /// When the next attempt will be heard.
        retry_after: Duration,
    },
    /// A field of the input breaks a rule.
    #[error("invalid input: {0}")]
    Invalid(#[from] Invalid),
    /// A name is already in use.
    #[error("the name in {} is taken", .0.field)]
    NameTaken(FieldError),
    /// The object's state does not allow this; the sentence says why and what to do.
    #[error("{0}")]
    InvalidTransition(String),
    /// Somebody else changed the object first.
    #[error("the object was changed by somebody else")]
    VersionConflict,
    /// The agent does not hold the task (any more); the sentence says who does.
    #[error("{0}")]
    LeaseLost(String),
    /// The question is not open any more; the sentence says why.
    #[error("{0}")]
    QuestionClosed(String),
    /// A credential cannot be sealed or opened.
    #[error("a credential cannot be sealed or opened")]
    Vault(#[from] VaultError),
    /// The idempotency key was used for another call.
    #[error("the idempotency key was used for another call")]
    KeyReused,
    /// The user already has this many agents, and may have no more.
    #[error("the limit of {0} agents is reached")]
    AgentLimit(u32),
    /// Only the first user may run agents without a sandbox.
    #[error("no sandbox for this user")]
    Unsandboxed,
    /// The agent's terminal cannot be reached; the sentence says why.
    #[error("{message}")]
    TerminalUnavailable {
        /// Why, as a sentence for people.
        message: String,
        /// What failed, if something did.
        #[source]
        source: Option<Cause>,
    },
    /// The database or the runtime does not do its part now; the sentence says which and what to do.
    #[error("{message}")]
    Unavailable {
        /// Which part and what to do, as a sentence for people.
        message: &'static str,
        /// What failed.
        #[source]
        source: Option<Cause>,
    },
    /// Our fault.
    #[error("internal error")]
    Internal(#[source] Cause),
}

/// A kind of object, as it is called in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    /// A project.
    Project,
    /// A task.
    Task,
    /// An agent.
    Agent,
    /// A question.
    Question,
    /// A credential.
    Credential,
    /// A browser session.
    Session,
    /// A personal token.
    Token,
    /// An account.
    User,
    /// Something that the runtime or the database has alone.
    Orphan,
}

impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Project => "project",
            Self::Task => "task",
            Self::Agent => "agent",
            Self::Question => "question",
            Self::Credential => "credential",
            Self::Session => "session",
            Self::Token => "token",
            Self::User => "account",
            Self::Orphan => "orphan",
        })
    }
}

impl Error {
    /// The stable code of this failure.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Forbidden(_) => ErrorCode::Forbidden,
            Self::InvalidCredentials => ErrorCode::InvalidCredentials,
            Self::RegistrationClosed => ErrorCode::RegistrationClosed,
            Self::RateLimited { .. } => ErrorCode::RateLimited,
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::NameTaken(_) => ErrorCode::NameTaken,
            Self::InvalidTransition(_) => ErrorCode::InvalidTransition,
            Self::VersionConflict => ErrorCode::VersionConflict,
            Self::LeaseLost(_) => ErrorCode::LeaseLost,
            Self::QuestionClosed(_) => ErrorCode::QuestionClosed,
            Self::KeyReused => ErrorCode::KeyReused,
            Self::AgentLimit(_) => ErrorCode::AgentLimit,
            Self::Unsandboxed => ErrorCode::Unsandboxed,
            Self::TerminalUnavailable { .. } => ErrorCode::TerminalUnavailable,
            Self::Vault(_) | Self::Unavailable { .. } => ErrorCode::Unavailable,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// What the person is told: what happened and what to do.
    pub fn public_message(&self) -> String {
        match self {
            Self::NotFound(Object::Orphan) => "There is no such orphan any more. Read the list again.".to_owned(),
            Self::NotFound(Object::User) => "There is no such account any more. Read the list again.".to_owned(),
            Self::NotFound(object) => format!("There is no such {object}, or it is not yours."),
            Self::Forbidden(sentence) => (*sentence).to_owned(),
            Self::InvalidCredentials => "The username or the password is wrong.".to_owned(),
            Self::RegistrationClosed => {
                "New accounts cannot be made here. Ask the person who runs this server.".to_owned()
            }
            Self::RateLimited { retry_after } => {
                format!("Too many attempts. Try again in {} seconds.", whole_seconds(*retry_after))
            }
            Self::Invalid(invalid) => invalid.sentence(),
            Self::NameTaken(field) => field.message.clone(),
            Self::InvalidTransition(sentence)
            | Self::LeaseLost(sentence)
            | Self::QuestionClosed(sentence)
            | Self::TerminalUnavailable { message: sentence, .. } => sentence.clone(),
            Self::Vault(error) => {
                format!("A credential cannot be used: {error}. Ask the person who runs this server, or give it again.")
            }
            Self::KeyReused => "This idempotency key was used for another call.".to_owned(),
            Self::VersionConflict => {
                "Somebody else changed this first. Read it again and repeat your change.".to_owned()
            }
            Self::AgentLimit(limit) => {
                format!("You already have {limit} agents, which is the limit here. Delete one first.")
            }
            Self::Unsandboxed => "Agents run without a sandbox on this host, so only the first user may run them. \
                 Install bubblewrap, or start the server with --allow-unsandboxed."
                .to_owned(),
            Self::Unavailable { message, .. } => (*message).to_owned(),
            Self::Internal(_) => "Something went wrong on our side. The server's log says more.".to_owned(),
        }
    }

    /// The fields of the input that this is about.
    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::Invalid(invalid) => &invalid.fields,
            Self::NameTaken(field) => std::slice::from_ref(field),
            _ => &[],
        }
    }

    /// When trying again may help, for the codes that know.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } => Some(*retry_after),
            Self::Unavailable { .. } => Some(BACK_SOON),
            _ => None,
        }
    }

    pub(crate) fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(Invalid::field(field, message))
    }

    pub(crate) fn name_taken(field: &str, message: impl Into<String>) -> Self {
        Self::NameTaken(FieldError { field: field.to_owned(), message: message.into() })
    }

    /// Nobody else could look after this installation.
    pub(crate) fn last_admin(username: &str) -> Self {
        Self::InvalidTransition(format!(
            "{username} is the only administrator here, so nothing was changed. Make somebody else one first: \
             aiworker admin set-role NAME admin"
        ))
    }

    pub(crate) fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let message = match &error {
            StoreError::Unavailable(_) | StoreError::Timeout(_) => {
                "The database does not answer at the moment. Try again shortly."
            }
            StoreError::Storage(_) => {
                "The database cannot be written at the moment. Its disk may be full; ask the person who runs this server."
            }
            _ => return Self::internal(error),
        };
        Self::Unavailable { message, source: Some(Box::new(error)) }
    }
}

impl From<RuntimeError> for Error {
    fn from(error: RuntimeError) -> Self {
        let message = "The part that runs agents does not answer at the moment. Try again shortly.";
        Self::Unavailable { message, source: Some(Box::new(error)) }
    }
}

/// Seconds, rounded up: a client that waits so long is surely heard.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
