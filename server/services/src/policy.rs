//! Who may do what: the one place that knows. Every service method asks here on its first line.
//!
//! The answer is the [`Owner`] whose objects may be touched. It is always the caller: being an administrator opens the
//! audit log, the list of orphans and the list of accounts, which it may delete; not other people's work. Only what the runtime and the database do not agree about
//! is mended for its owner, whom the row names.

use domain::{Agent, Role, RuntimeStatus, SandboxKind, User, UserId};

use crate::{
    caller::{Caller, Via},
    error::Error,
};

/// Something that a caller may want to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    SignOut,
    ChangePassword,
    ListSessions,
    RevokeSession,
    ReadAudit,
    ReadOrphans,
    MendOrphans,
    ReadUsers,
    DeleteUser,
    DeleteOwnAccount,
    CreateToken,
    ListTokens,
    RevokeToken,
    CreateProject,
    ReadProject,
    UpdateProject,
    DeleteProject,
    CreateTask,
    ReadTask,
    UpdateTask,
    DeleteTask,
    LaunchAgent,
    ReadAgent,
    StopAgent,
    StartAgent,
    DeleteAgent,
    OpenTerminal,
    CallTool,
    ListCredentials,
    SetCredential,
    DeleteCredential,
    ReadQuestion,
    AnswerQuestion,
    ListenLive,
}

/// What an action asks of its caller. Every action touches the caller's own objects only, except what administrators do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// To be signed in, in any way.
    User,
    /// To sit at a browser: a leaked token must not be able to make itself permanent or lock its owner out.
    Browser,
    /// To run this installation.
    Admin,
}

/// The user whose objects may be touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner(UserId);

impl Owner {
    /// The user's id.
    pub(crate) const fn id(self) -> UserId {
        self.0
    }

    /// Whose this agent is, for an administrator who mends an orphan.
    pub(crate) const fn of(agent: &Agent) -> Self {
        Self(agent.user_id)
    }
}

const fn need(action: Action) -> Need {
    match action {
        Action::SignOut
        | Action::ChangePassword
        | Action::DeleteOwnAccount
        | Action::ListSessions
        | Action::RevokeSession
        | Action::CreateToken
        | Action::RevokeToken
        | Action::SetCredential
        | Action::DeleteCredential => Need::Browser,
        Action::ReadAudit | Action::ReadOrphans | Action::MendOrphans | Action::ReadUsers | Action::DeleteUser => {
            Need::Admin
        }
        Action::ListTokens
        | Action::CreateProject
        | Action::ReadProject
        | Action::UpdateProject
        | Action::DeleteProject
        | Action::CreateTask
        | Action::ReadTask
        | Action::UpdateTask
        | Action::DeleteTask
        | Action::LaunchAgent
        | Action::ReadAgent
        | Action::StopAgent
        | Action::StartAgent
        | Action::DeleteAgent
        | Action::OpenTerminal
        | Action::CallTool
        | Action::ListCredentials
        | Action::ReadQuestion
        | Action::AnswerQuestion
        | Action::ListenLive => Need::User,
    }
}

/// Whose objects the caller may touch for this action, or why not.
pub(crate) fn authorize(caller: &Caller, action: Action) -> Result<Owner, Error> {
    match need(action) {
        Need::Browser if !matches!(caller.via, Via::Session(_)) => {
            Err(Error::Forbidden("A personal token cannot do this. Sign in with a browser instead."))
        }
        Need::Admin if caller.user.role != Role::Admin => Err(Error::Forbidden("Only an administrator can do this.")),
        Need::User | Need::Browser | Need::Admin => Ok(Owner(caller.user.id)),
    }
}

/// Whether agents of anybody may run here. Without a sandbox an agent can do what the server can.
pub(crate) fn runs_for_everyone(runtime: &RuntimeStatus, allow_unsandboxed: bool) -> bool {
    runtime.sandbox != SandboxKind::None || allow_unsandboxed
}

/// Whether agents of this user may run here: where not everybody's may, only those of the person who runs this
/// installation.
pub(crate) fn may_run_agents(user: &User, runtime: &RuntimeStatus, allow_unsandboxed: bool) -> Result<(), Error> {
    if runs_for_everyone(runtime, allow_unsandboxed) || user.role == Role::Admin {
        Ok(())
    } else {
        Err(Error::Unsandboxed)
    }
}

#[cfg(test)]
mod tests;
