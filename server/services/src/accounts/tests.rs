//! Accounts, sessions, tokens and the audit log, on a real database.

use domain::{ErrorCode, NewToken, Role, SandboxKind};
use futures::StreamExt as _;

use super::*;
use crate::{
    Clock as _, Settings,
    testing::{Bed, PASSWORD, client, credentials, settings, shown},
};

const HOUR: Duration = Duration::from_hours(1);
const SECOND: Duration = Duration::from_secs(1);

async fn bed(registration: Registration) -> Bed {
    Bed::with(Settings { registration, ..settings() }, SandboxKind::Bubblewrap).await
}

#[tokio::test]
async fn the_first_account_is_the_administrator_and_closes_the_door_behind_it() {
    let bed = bed(Registration::FirstUser).await;
    let accounts = bed.services.accounts();
    assert!(accounts.registration_open().await.unwrap());
    assert_eq!(bed.register("Ann").await.user.role, Role::Admin);
    assert!(!accounts.registration_open().await.unwrap());
    let second = accounts.register(credentials("bob", PASSWORD), client()).await;
    assert_eq!(second.unwrap_err().code(), ErrorCode::RegistrationClosed);
}

#[tokio::test]
async fn of_many_who_want_to_be_first_at_once_one_is() {
    let bed = bed(Registration::FirstUser).await;
    let names = ["ann", "bob", "cem", "dora"];
    let all = names.map(|name| {
        let accounts = bed.services.accounts();
        async move { accounts.register(credentials(name, PASSWORD), client()).await }
    });
    let outcomes = futures::future::join_all(all).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

#[tokio::test]
async fn a_closed_door_is_closed_to_the_first_too() {
    let bed = bed(Registration::Closed).await;
    let outcome = bed.services.accounts().register(credentials("ann", PASSWORD), client()).await;
    assert_eq!(outcome.unwrap_err().code(), ErrorCode::RegistrationClosed);
}

#[tokio::test]
async fn an_account_needs_a_free_name_and_a_password() {
    let bed = bed(Registration::Open).await;
    assert_eq!(bed.register("ann").await.user.role, Role::Admin);
    assert_eq!(bed.register("bob").await.user.role, Role::Member);
    let register = |name: &'static str, password: &'static str| {
        let accounts = bed.services.accounts();
        async move { accounts.register(credentials(name, password), client()).await.unwrap_err() }
    };
    let taken = register(" ANN ", PASSWORD).await;
    assert_eq!((taken.code(), taken.fields()[0].field.as_str()), (ErrorCode::NameTaken, "username"));
    let fields = register("a b", "short").await.fields().iter().map(|f| f.field.clone()).collect::<Vec<_>>();
    assert_eq!(fields, ["username", "password"]);
}

#[tokio::test]
async fn every_sign_in_gets_a_secret_of_its_own() {
    let bed = bed(Registration::Open).await;
    let (first, second) = (bed.register("ann").await, bed.login("Ann", PASSWORD).await.unwrap());
    assert_ne!(first.secret.expose_secret(), second.secret.expose_secret());
    let caller = bed.caller(&second).await.unwrap();
    let sessions = bed.services.accounts().sessions(&caller).await.unwrap();
    assert_eq!(sessions.iter().map(|session| session.current).collect::<Vec<_>>(), [true, false]);
    assert_eq!(bed.services.accounts().authenticate_session("no secret", client()).await.unwrap(), None);
    assert_eq!(bed.caller_with(&"0".repeat(64).into()).await, None);
}

#[tokio::test]
async fn a_session_ends_when_it_lies_unused_and_at_its_end_whatever_happens() {
    let bed = bed(Registration::Open).await;
    let used = bed.register("ann").await;
    let unused = bed.login("ann", PASSWORD).await.unwrap();
    bed.clock.advance(HOUR * 11);
    assert!(bed.caller(&used).await.is_some());
    bed.clock.advance(HOUR);
    assert!(bed.caller(&unused).await.is_none());
    let caller = bed.caller(&used).await.unwrap();
    assert_eq!(bed.services.accounts().sessions(&caller).await.unwrap().len(), 1);
    for _ in 0..(7 * 24 - 12) / 6 - 1 {
        bed.clock.advance(HOUR * 6);
        assert!(bed.caller(&used).await.is_some());
    }
    bed.clock.advance(HOUR * 6);
    assert!(bed.caller(&used).await.is_none());
    assert_eq!(bed.clock.now(), used.expires_at);
    // The next sign-in clears both away.
    let now = bed.login("ann", PASSWORD).await.unwrap();
    assert_eq!(bed.store.sessions_of(now.user.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_last_use_of_a_session_is_noted_once_a_minute() {
    let bed = bed(Registration::Open).await;
    let signed_in = bed.register("ann").await;
    let last_seen = async || bed.store.sessions_of(signed_in.user.id).await.unwrap()[0].last_seen_at;
    let start = last_seen().await;
    bed.clock.advance(SECOND * 59);
    bed.caller(&signed_in).await.unwrap();
    assert_eq!(last_seen().await, start);
    bed.clock.advance(SECOND);
    bed.caller(&signed_in).await.unwrap();
    assert_eq!(last_seen().await, bed.clock.now());
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_look_the_same() {
    let bed = bed(Registration::Open).await;
    bed.register("ann").await;
    let wrong = shown(bed.login("ann", "wrong password").await);
    assert_eq!(wrong, shown(bed.login("bob", PASSWORD).await));
    assert_eq!(wrong, shown(bed.login("not a name!", PASSWORD).await));
    assert_eq!(wrong, shown(bed.login("ann", &"x".repeat(10_000)).await));
}

#[tokio::test]
async fn guessing_is_slowed_down_and_the_owner_is_heard_again_after_a_minute() {
    let bed = bed(Registration::Open).await;
    bed.register("ann").await;
    for _ in 0..5 {
        assert_eq!(bed.login("ann", "wrong password").await.unwrap_err().code(), ErrorCode::InvalidCredentials);
    }
    let refused = bed.login("ann", PASSWORD).await.unwrap_err();
    assert_eq!((refused.code(), refused.retry_after()), (ErrorCode::RateLimited, Some(SECOND * 60)));
    bed.clock.advance(SECOND * 60);
    assert!(bed.login("ann", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_new_password_ends_every_session_and_begins_one() {
    let bed = bed(Registration::Open).await;
    let (one, other) = (bed.register("ann").await, bed.login("ann", PASSWORD).await.unwrap());
    let caller = bed.caller(&one).await.unwrap();
    let mut events = bed.services.live().subscribe(&caller, None).unwrap();
    let accounts = bed.services.accounts();
    let wrong = accounts.change_password(&caller, "not it at all".into(), "new password".into()).await.unwrap_err();
    assert_eq!((wrong.code(), wrong.fields()[0].field.as_str()), (ErrorCode::Invalid, "current_password"));
    let weak = accounts.change_password(&caller, PASSWORD.into(), "short".into()).await.unwrap_err();
    assert_eq!(weak.fields()[0].field, "new_password");
    assert!(bed.caller(&other).await.is_some(), "a refused change ends nothing");

    let new = accounts.change_password(&caller, PASSWORD.into(), "new password".into()).await.unwrap();
    assert!(bed.caller(&one).await.is_none());
    assert!(bed.caller(&other).await.is_none());
    assert!(bed.caller(&new).await.is_some());
    assert!(bed.login("ann", PASSWORD).await.is_err());
    assert!(bed.login("ann", "new password").await.is_ok());
    assert!(events.next().await.is_some_and(|(_, event)| event == domain::LiveEvent::Resync));
    assert_eq!(events.next().await, None, "what was opened with an old session ends");
}

#[tokio::test]
async fn sessions_end_when_their_owner_says_so() {
    let bed = bed(Registration::Open).await;
    let (one, other) = (bed.register("ann").await, bed.login("ann", PASSWORD).await.unwrap());
    let (here, there) = (bed.caller(&one).await.unwrap(), bed.caller(&other).await.unwrap());
    let Via::Session(elsewhere) = there.via else { panic!("not a session") };
    let accounts = bed.services.accounts();
    accounts.revoke_session(&here, elsewhere).await.unwrap();
    assert!(bed.caller(&other).await.is_none());
    assert_eq!(accounts.revoke_session(&here, elsewhere).await.unwrap_err().code(), ErrorCode::NotFound);
    accounts.logout(&here).await.unwrap();
    assert!(bed.caller(&one).await.is_none());
}

#[tokio::test]
async fn a_token_works_until_it_expires_or_is_revoked_and_cannot_make_itself_permanent() {
    let bed = bed(Registration::Open).await;
    let ann = bed.user("ann").await;
    let tokens = bed.services.tokens();
    let input = |days| NewToken { name: "laptop".into(), expires_in_days: days };
    let made = tokens.create(&ann, input(1)).await.unwrap();
    assert!(made.secret.starts_with("awp_") && made.secret.ends_with(&made.token.last_four));
    let authenticate = async || bed.services.accounts().authenticate_token(&made.secret, client()).await.unwrap();
    let caller = authenticate().await.unwrap();
    assert_eq!(caller.via, Via::PersonalToken(made.token.id));
    assert_eq!(tokens.list(&caller).await.unwrap()[0].last_used_at, Some(bed.clock.now()));
    bed.project(&caller, "by token").await;
    let accounts = bed.services.accounts();
    for outcome in [
        tokens.create(&caller, input(9)).await.map(drop),
        tokens.revoke(&caller, made.token.id).await,
        accounts.sessions(&caller).await.map(drop),
        accounts.logout(&caller).await,
        accounts.change_password(&caller, PASSWORD.into(), "new password".into()).await.map(drop),
    ] {
        assert_eq!(outcome.unwrap_err().code(), ErrorCode::Forbidden);
    }
    bed.clock.advance(HOUR * 24);
    assert_eq!(authenticate().await, None);

    let other = tokens.create(&ann, input(1)).await.unwrap();
    tokens.revoke(&ann, other.token.id).await.unwrap();
    assert_eq!(accounts.authenticate_token(&other.secret, client()).await.unwrap(), None);
    assert_eq!(tokens.create(&ann, input(0)).await.unwrap_err().fields()[0].field, "expires_in_days");
}

#[tokio::test]
async fn the_audit_log_tells_an_administrator_who_did_what_and_nobody_else() {
    let bed = bed(Registration::Open).await;
    let (ann, bob) = (bed.user("ann").await, bed.user("bob").await);
    bed.login("eve<script>", "wrong password").await.unwrap_err();
    let accounts = bed.services.accounts();
    accounts.logout(&bob).await.unwrap();
    assert_eq!(accounts.audit(&bob, 10).await.unwrap_err().code(), ErrorCode::Forbidden);
    let log = accounts.audit(&ann, 10).await.unwrap();
    let told: Vec<_> = log.iter().map(|e| (e.actor.name.as_str(), e.action, e.outcome)).collect();
    assert_eq!(
        told,
        [
            ("bob", AuditAction::SignOut, Outcome::Ok),
            ("eve<script>", AuditAction::SignIn, Outcome::Denied),
            ("bob", AuditAction::Register, Outcome::Ok),
            ("ann", AuditAction::Register, Outcome::Ok),
        ]
    );
    assert!(log.iter().all(|entry| entry.address == "192.0.2.1"));
}
