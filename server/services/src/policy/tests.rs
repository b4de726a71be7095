//! The policy as a table.

use domain::{RuntimeKind, SessionId, Timestamp, TokenId};
use uuid::Uuid;

use super::*;
use crate::ClientInfo;

fn user(role: Role) -> User {
    User { id: UserId::from_uuid(Uuid::from_u128(1)), username: "ann".into(), role, created_at: Timestamp::UNIX_EPOCH }
}

#[test]
fn who_may_do_what() {
    use Action::*;
    const YES: bool = true;
    const NO: bool = false;
    let browser = Via::Session(SessionId::from_uuid(Uuid::nil()));
    let token = Via::PersonalToken(TokenId::from_uuid(Uuid::nil()));
    // A member at a browser and with a token, an administrator at a browser and with a token.
    let table = [
        (SignOut, [YES, NO, YES, NO]),
        (ChangePassword, [YES, NO, YES, NO]),
        (ListSessions, [YES, NO, YES, NO]),
        (RevokeSession, [YES, NO, YES, NO]),
        (ReadAudit, [NO, NO, YES, YES]),
        (ReadOrphans, [NO, NO, YES, YES]),
        (MendOrphans, [NO, NO, YES, YES]),
        (ReadUsers, [NO, NO, YES, YES]),
        (DeleteUser, [NO, NO, YES, YES]),
        (DeleteOwnAccount, [YES, NO, YES, NO]),
        (CreateToken, [YES, NO, YES, NO]),
        (ListTokens, [YES, YES, YES, YES]),
        (RevokeToken, [YES, NO, YES, NO]),
        (CreateProject, [YES, YES, YES, YES]),
        (ReadProject, [YES, YES, YES, YES]),
        (UpdateProject, [YES, YES, YES, YES]),
        (DeleteProject, [YES, YES, YES, YES]),
        (CreateTask, [YES, YES, YES, YES]),
        (ReadTask, [YES, YES, YES, YES]),
        (UpdateTask, [YES, YES, YES, YES]),
        (DeleteTask, [YES, YES, YES, YES]),
        (LaunchAgent, [YES, YES, YES, YES]),
        (ReadAgent, [YES, YES, YES, YES]),
        (StopAgent, [YES, YES, YES, YES]),
        (StartAgent, [YES, YES, YES, YES]),
        (DeleteAgent, [YES, YES, YES, YES]),
        (OpenTerminal, [YES, YES, YES, YES]),
        (ListCredentials, [YES, YES, YES, YES]),
        (SetCredential, [YES, NO, YES, NO]),
        (DeleteCredential, [YES, NO, YES, NO]),
        (CallTool, [YES, YES, YES, YES]),
        (ReadQuestion, [YES, YES, YES, YES]),
        (AnswerQuestion, [YES, YES, YES, YES]),
        (ListenLive, [YES, YES, YES, YES]),
    ];
    for (action, expected) in table {
        let callers = [(Role::Member, browser), (Role::Member, token), (Role::Admin, browser), (Role::Admin, token)];
        let allowed = callers.map(|(role, via)| {
            let caller = Caller { user: user(role), via, client: ClientInfo::default() };
            match authorize(&caller, action) {
                Ok(owner) => {
                    assert_eq!(owner.id(), caller.user.id, "{action:?} touches the caller's own objects only");
                    true
                }
                Err(error) => {
                    assert_eq!(error.code(), domain::ErrorCode::Forbidden);
                    false
                }
            }
        });
        assert_eq!(allowed, expected, "{action:?}");
    }
}

#[test]
fn without_a_sandbox_only_the_administrator_runs_agents_unless_allowed() {
    let on =
        |sandbox| RuntimeStatus { kind: RuntimeKind::Process, sandbox, limits_memory: false, limits_processes: false };
    let may = |role, sandbox, allowed| may_run_agents(&user(role), &on(sandbox), allowed).is_ok();
    assert!(may(Role::Member, SandboxKind::Bubblewrap, false));
    assert!(may(Role::Member, SandboxKind::Container, false));
    assert!(may(Role::Admin, SandboxKind::None, false));
    assert!(!may(Role::Member, SandboxKind::None, false));
    assert!(may(Role::Member, SandboxKind::None, true));
}
