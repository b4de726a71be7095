//! The audit log: security events. Entries are only ever added.

use serde::{Deserialize, Serialize};

use crate::{Actor, AuditEventId, Timestamp};

/// What was done or tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// An account was made.
    Register,
    /// Somebody signed in, or failed to.
    SignIn,
    /// Somebody signed out.
    SignOut,
    /// A password was changed.
    ChangePassword,
    /// A browser session was ended from outside.
    RevokeSession,
    /// A personal token was made.
    CreateToken,
    /// A personal token was revoked.
    RevokeToken,
    /// An agent was launched.
    LaunchAgent,
    /// An agent was stopped.
    StopAgent,
    /// An agent was started.
    StartAgent,
    /// An agent was deleted.
    DeleteAgent,
    /// A terminal was opened to type in it. The object is the agent and a number that the end has, too.
    AttachTerminal,
    /// A terminal was opened only to look at it.
    WatchTerminal,
    /// A terminal was closed.
    DetachTerminal,
    /// A question of an agent was answered.
    AnswerQuestion,
    /// A credential was given.
    SetCredential,
    /// A credential was forgotten.
    DeleteCredential,
    /// A project was deleted.
    DeleteProject,
    /// An orphan was given back to its owner, or made anew.
    RepairOrphan,
    /// An orphan was removed.
    RemoveOrphan,
    /// An account was deleted. The object is the user's id, which nobody gets again, and the name that it had.
    DeleteUser,
    /// It was changed what an account may do. The object is its name and what it is now.
    SetRole,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Ok,
    /// It was refused.
    Denied,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEvent {
    /// The entry's id; entries sort by it.
    pub id: AuditEventId,
    /// When it happened.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// Who did it; for a failed sign-in, the name that was tried.
    pub actor: Actor,
    /// What was done or tried.
    pub action: AuditAction,
    /// The id of the object, if there is one.
    pub object: Option<String>,
    /// The address it came from.
    pub address: String,
    /// How it ended.
    pub outcome: Outcome,
}
